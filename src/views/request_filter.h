#pragma once
// The parameters of lists of requests: filters, order, page. Pure: they become SQL here, and nothing that a
// client sent gets into it other than as a checked name, a number or a literal.

#include <string>

#include "base/error.h"
#include "views/json_rows.h"
#include "views/request_columns.h"
#include "views/target.h"

namespace llt::views {

/// The condition that all filters of the target make together: `since`, `until`, `model`, `route`,
/// `errors=1`, `search`, `all=1` and every `filter=COLUMN:OPERATOR:VALUE`. Errors name the parameter.
[[nodiscard]] Result<std::string> request_conditions(const Target& target);

/// One page of a list.
struct RequestPage {
  std::string select;    ///< column list; always with what a cursor needs
  std::string where;     ///< filters and, after the first page, the cursor
  std::string order_by;  ///< total: ties end at trace and request id
  std::string sort;      ///< the column it is sorted by
  std::int64_t limit = 100;
};

[[nodiscard]] Result<RequestPage> parse_request_page(const Target& target);

/// Names the row: what `after` of the next page is.
[[nodiscard]] std::string cursor_of(const Json& row, const std::string& sort);

}  // namespace llt::views
