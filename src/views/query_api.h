#pragma once
// The body of POST /api/v1/query.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "store/reader.h"

namespace llt::views {

struct QueryRequest {
  std::string sql;
  store::Format format = store::Format::json;
  store::QueryLimits limits;
};

/// Members: sql (required), format, timeout_ms, max_rows. Unknown members are refused, so that a misspelt
/// limit is not silently none. The timeout is at most `longest_timeout_ms`.
[[nodiscard]] Result<QueryRequest> parse_query(std::string_view body, std::int64_t default_timeout_ms,
                                               std::int64_t longest_timeout_ms);

}  // namespace llt::views
