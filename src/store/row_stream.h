#pragma once

#include <string>

#include "base/error.h"
#include "store/handles.h"

namespace llt::store {

/// Begins a statement whose rows are then fetched chunk by chunk. Rows are made as they are fetched, unless
/// DuckDB would wait for itself: then it makes all of them first, within its memory limit.
/// EXPLAIN stands in no other statement.
[[nodiscard]] Result<ResultSet> start_row_stream(duckdb_connection connection, const std::string& sql,
                                                 bool is_explain = false);

/// Why a statement could not be prepared.
[[nodiscard]] std::unexpected<Error> prepare_error(duckdb_prepared_statement statement);

}  // namespace llt::store
