#pragma once
// Rows into DuckDB, a vector at a time.

#include "base/error.h"
#include "store/graph_results.h"
#include "store/handles.h"
#include "store/row_queue.h"

namespace llt::store {

/// Appends all rows of a batch inside the caller's transaction. The batch is left as it is, so that it can be
/// tried again. Text that is not UTF-8 is repaired, JSON columns that do not hold JSON become NULL; both
/// counted once, when `count_repairs` is set.
[[nodiscard]] Result<> append_batch(duckdb_connection connection, const Batch& batch, bool count_repairs);

/// Appends a kept answer of `graph` inside the caller's transaction, unless it is there already.
[[nodiscard]] Result<> append_graph_result(duckdb_connection connection, const GraphResult& result);

}  // namespace llt::store
