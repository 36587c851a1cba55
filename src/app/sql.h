#pragma once
// Small results of SQL as JSON rows.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "store/reader.h"

namespace llt::app {

/// The rows of a query as an array of objects. Fails with data_loss when the answer is not that.
[[nodiscard]] Result<nlohmann::ordered_json> query_rows(store::Reader& reader, std::string_view sql);

}  // namespace llt::app
