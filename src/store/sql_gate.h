#pragma once
// Decides whether a piece of SQL from outside may run: exactly one statement that only reads, and no table
// function that reaches beyond the store. The decision is made on DuckDB's own parse tree, not on the text.

#include <string>
#include <string_view>

#include "base/error.h"
#include "store/handles.h"

namespace llt::store {

inline constexpr std::size_t kMaxSqlBytes = 256 * 1024;

struct ReadOnlySql {
  std::string text;         ///< what to run
  bool is_explain = false;  ///< EXPLAIN cannot stand inside another statement
};

/// Errors: invalid_argument (syntax, several statements, a statement that writes), permission_denied (a
/// function that is not for queries), resource_exhausted (too long or too deeply nested).
[[nodiscard]] Result<ReadOnlySql> check_sql(duckdb_connection connection, std::string_view sql);

}  // namespace llt::store
