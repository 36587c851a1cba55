#include "store/row_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "store/database.h"

namespace llt::store {
namespace {

/// The plan as DuckDB draws it.
Result<std::string> plan_of(duckdb_connection connection, const std::string& sql) {
  ResultSet result;
  if (duckdb_query(connection, ("EXPLAIN " + sql).c_str(), result.out()) != DuckDBSuccess) {
    const char* message = duckdb_result_error(result.out());
    return std::unexpected(to_error(duckdb_result_error_type(result.out()),
                                    message == nullptr ? "the SQL cannot be planned" : message));
  }
  constexpr idx_t kValue = 1;  // of explain_key, explain_value
  std::string plan;
  while (const DataChunk chunk{duckdb_fetch_chunk(result.get())}) {
    const duckdb_vector values = duckdb_data_chunk_get_vector(chunk.get(), kValue);
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk.get()); ++row) plan += string_at(values, row);
  }
  return plan;
}

/// Whether several pipelines end in the result. When one of them waits for its rows to be fetched while
/// others have not ended, DuckDB 1.4 does not see that there are rows to fetch, and sleeps for ever (its
/// issue 22215).
bool waits_for_itself(std::string_view plan) {
  constexpr std::array<std::string_view, 4> kSeveralPipelines{"UNION", "CTE", "RIGHT", "FULL"};
  return std::ranges::any_of(kSeveralPipelines,
                             [plan](std::string_view name) { return plan.find(name) != plan.npos; });
}

}  // namespace

std::unexpected<Error> prepare_error(duckdb_prepared_statement statement) {
  const char* message = duckdb_prepare_error(statement);
  return std::unexpected(
      to_error(DUCKDB_ERROR_INVALID_INPUT, message == nullptr ? "the SQL does not bind" : message));
}

Result<ResultSet> execute_streaming(duckdb_prepared_statement statement, std::string_view unknown) {
  Pending pending;
  ResultSet result;
  if (duckdb_pending_prepared_streaming(statement, pending.out()) == DuckDBSuccess &&
      duckdb_execute_pending(pending.get(), result.out()) == DuckDBSuccess)
    return result;
  const char* message = duckdb_result_error(result.out());
  if (message == nullptr) message = duckdb_pending_error(pending.get());
  return std::unexpected(
      to_error(duckdb_result_error_type(result.out()), message != nullptr ? message : unknown));
}

Result<ResultSet> start_row_stream(duckdb_connection connection, const std::string& sql, Rows rows) {
  bool at_once = rows == Rows::limited;
  if (rows == Rows::any) {
    const auto plan = plan_of(connection, sql);
    if (!plan) return std::unexpected(plan.error());
    at_once = waits_for_itself(*plan);
  }
  const std::string streamed =
      at_once ? fmt::format("WITH all_rows AS MATERIALIZED ({}) SELECT * FROM all_rows", sql) : sql;
  Prepared statement;
  if (duckdb_prepare(connection, streamed.c_str(), statement.out()) != DuckDBSuccess)
    return prepare_error(statement.get());
  return execute_streaming(statement.get(), "query failed");
}

}  // namespace llt::store
