#pragma once
// Questions about the window of time before each row.

#include <cudf/table/table.hpp>

#include "analytics/gpu/plugin/table_columns.h"
#include "analytics/gpu/rapids_abi.h"

namespace llt::rapids {

/// A loaded table: no column is longer than the others, `key` has no NULL.
struct Rows {
  View key, time, value;
};

/// `room`: bytes of the GPU that one step may plan with.
[[nodiscard]] std::unique_ptr<cudf::table> rolling(const Rows& rows, const llt_rapids_question& question,
                                                   std::uint64_t room);
[[nodiscard]] std::unique_ptr<cudf::table> outliers(const Rows& rows, const llt_rapids_question& question,
                                                    std::uint64_t room);

}  // namespace llt::rapids
