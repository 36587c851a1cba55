#pragma once
// Rows of the store as JSON values, for answers that are put together here.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "views/reply.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

// Order matters: members are sent in the order in which they were put in.
using Json = nlohmann::ordered_json;

/// The rows of a query of ours: an array of objects. Gives up after ten seconds.
[[nodiscard]] Result<Json> json_rows(store::Reader& reader, const std::string& sql);

/// One line; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string json_text(const Json& document);
[[nodiscard]] Reply json_reply(const Json& document);

/// 400 for a parameter of the target.
[[nodiscard]] Error bad_parameter(std::string_view name, std::string_view hint);

/// The number of a member; 0 when the row has none: for sentences, not for figures.
[[nodiscard]] std::int64_t number_or_zero(const Json& row, std::string_view member);

}  // namespace llt::views
