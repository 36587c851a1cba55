#pragma once
// Small results of the store as JSON, for answers that are made of several queries.

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "store/reader.h"

namespace llt::views {

/// The rows as an array of objects. Errors: those of the store.
[[nodiscard]] Result<nlohmann::ordered_json> rows_of(store::Reader& reader, const std::string& sql,
                                                     const store::QueryLimits& limits = {.timeout_ms = 10'000});

/// An answer of one document; text that is no UTF-8 stands as U+FFFD.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& document);

}  // namespace llt::views
