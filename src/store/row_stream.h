#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "store/handles.h"

namespace llt::store {

enum class Rows : std::uint8_t {
  any,  ///< made as they are fetched, unless DuckDB would wait for itself: to be sure of that costs a second
        ///< plan
  limited,  ///< there are not many: all made first, within DuckDB's memory limit
  plan,     ///< of EXPLAIN, which stands in no other statement
};

/// Begins a statement whose rows are then fetched chunk by chunk.
[[nodiscard]] Result<ResultSet> start_row_stream(duckdb_connection connection, const std::string& sql,
                                                 Rows rows);

/// Of a statement that is prepared and whose rows one pipeline makes. `unknown`: said when DuckDB gives no
/// reason.
[[nodiscard]] Result<ResultSet> execute_streaming(duckdb_prepared_statement statement,
                                                  std::string_view unknown);

/// Why a statement could not be prepared.
[[nodiscard]] std::unexpected<Error> prepare_error(duckdb_prepared_statement statement);

}  // namespace llt::store
