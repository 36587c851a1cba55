// Whatever text comes: no crash, and what the gate lets through is a statement that reads.

#include <cstdint>
#include <filesystem>

#include "store/database.h"
#include "store/schema_setup.h"
#include "store/sql_gate.h"

namespace {

/// A locked-down database with our tables, for the whole run.
duckdb_connection connection() {
  static const std::shared_ptr<llt::store::Database> database = [] {
    const auto temp = std::filesystem::temp_directory_path();
    auto opened =
        llt::store::Database::open({":memory:", temp / "llt-sql-gate-fuzz", false, 256ull << 20, 1});
    LLT_CHECK(opened.has_value());
    return *opened;
  }();
  static const llt::store::Connection handle = [] {
    auto connected = database->connect();
    LLT_CHECK(connected.has_value());
    LLT_CHECK(llt::store::ensure_schema(connected->get(), {}).has_value());
    return std::move(*connected);
  }();
  return handle.get();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  const auto checked = llt::store::check_sql(connection(), sql);
  if (!checked) return 0;
  llt::store::Prepared statement;
  if (duckdb_prepare(connection(), checked->text.c_str(), statement.out()) != DuckDBSuccess) return 0;
  const duckdb_statement_type type = duckdb_prepared_statement_type(statement.get());
  LLT_CHECK(type == DUCKDB_STATEMENT_TYPE_SELECT || type == DUCKDB_STATEMENT_TYPE_EXPLAIN);
  LLT_CHECK((type == DUCKDB_STATEMENT_TYPE_EXPLAIN) == checked->is_explain);
  return 0;
}
