#include "store/schema_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/sql_literal.h"
#include "schema/tables.h"
#include "store/database.h"

namespace llt::store {
namespace {

/// Adds the columns that a database of an older program lacks. They are NULL in the rows it has.
Result<> add_missing_columns(duckdb_connection connection, const TableInfo& table) {
  const auto present = first_column(
      connection,
      fmt::format("SELECT column_name FROM duckdb_columns() WHERE table_name = {} AND NOT internal",
                  sql_literal(table.name)));
  if (!present) return std::unexpected(present.error());
  for (const ColumnInfo& column : table.columns) {
    const bool found = std::ranges::any_of(*present, [&](const auto& name) { return name == column.name; });
    if (found) continue;
    const auto added = execute(connection, fmt::format("ALTER TABLE \"{}\" ADD COLUMN \"{}\" {}", table.name,
                                                       column.name, column.sql_type));
    if (!added) return std::unexpected(added.error());
  }
  return {};
}

/// Before version 2 `spans` was a table, of our own spans too; now it is a view.
Result<> rename_old_spans(duckdb_connection connection) {
  const auto found =
      single_integer(connection, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'spans' AND NOT internal");
  if (!found) return std::unexpected(found.error());
  if (!*found) return {};
  const auto renamed = execute(connection, "ALTER TABLE spans RENAME TO received_spans");
  if (!renamed) return std::unexpected(renamed.error());
  return {};
}

Result<> check_version(duckdb_connection connection) {
  const auto version =
      single_integer(connection, "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'schema_version'");
  if (!version) return std::unexpected(version.error());
  if (version->value_or(0) <= kSchemaVersion) return {};
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("the store has schema version {}, this program knows {}", **version, kSchemaVersion),
      "use the newer program or another --data");
}

Result<> write_meta(duckdb_connection connection, const std::string& created_by) {
  const auto written =
      execute(connection,
              fmt::format("INSERT INTO meta VALUES ('schema_version', '{0}'), ('created_unix_ns', '{1}'), "
                          "('created_by', {2}), ('last_batch', '0') ON CONFLICT DO NOTHING;"
                          "UPDATE meta SET value = '{0}' WHERE key = 'schema_version' AND value <> '{0}'",
                          kSchemaVersion, now_unix(), sql_literal(created_by)));
  if (!written) return std::unexpected(written.error());
  return {};
}

Result<> write_loss_names(duckdb_connection connection, bool begins_run) {
  std::string rows;
  for (const LossInfo& loss : kLossInfo) {
    rows += fmt::format("{}({}, '{}', {}, 0, 0, NULL)", rows.empty() ? "" : ", ", sql_literal(loss.name),
                        to_string(loss.severity), sql_literal(loss.description));
  }
  const auto written =
      execute(connection, fmt::format("INSERT INTO losses VALUES {} ON CONFLICT DO UPDATE SET severity = "
                                      "excluded.severity, description = excluded.description{}",
                                      rows, begins_run ? ", run_count = 0" : ""));
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace

Result<> ensure_schema(duckdb_connection connection, const Options& options) {
  if (auto begun = execute(connection, "BEGIN"); !begun) return std::unexpected(begun.error());
  if (auto renamed = rename_old_spans(connection); !renamed) return renamed;
  for (const TableInfo& table : tables()) {
    if (auto made = execute(connection, std::string(table.create_sql)); !made)
      return std::unexpected(made.error());
  }
  if (auto fits = check_version(connection); !fits) return fits;
  for (const TableInfo& table : tables()) {
    if (auto added = add_missing_columns(connection, table); !added) return added;
  }
  if (auto made = execute(connection, std::string(spans_view_sql())); !made)
    return std::unexpected(made.error());
  if (auto written = write_meta(connection, options.created_by); !written) return written;
  if (auto written = write_loss_names(connection, options.begins_run); !written) return written;
  if (auto done = execute(connection, "COMMIT"); !done) return std::unexpected(done.error());
  return {};
}

Result<LossesTable> LossesTable::load(duckdb_connection connection) {
  const auto names = first_column(connection, "SELECT name FROM losses ORDER BY name");
  const auto counts = first_column(connection, "SELECT count FROM losses ORDER BY name");
  if (!names) return std::unexpected(names.error());
  if (!counts) return std::unexpected(counts.error());
  LossesTable table;
  for (std::size_t row = 0; row < std::min(names->size(), counts->size()); ++row) {
    const auto loss = std::ranges::find(kLossInfo, (*names)[row].value_or(""), &LossInfo::name);
    if (loss == kLossInfo.end()) continue;  // of another version of this program
    const std::string text = (*counts)[row].value_or("0");
    std::from_chars(text.data(), text.data() + text.size(),
                    table.earlier_[static_cast<std::size_t>(loss - kLossInfo.begin())]);
  }
  return table;
}

Result<> LossesTable::write(duckdb_connection connection) {
  writing_ = loss_counts();
  for (std::size_t i = 0; i < kLossCount; ++i) {
    if (writing_[i] == written_[i]) continue;
    const auto updated = execute(
        connection,
        fmt::format("UPDATE losses SET count = {}, run_count = {}, last_unix_ns = {} WHERE name = {}",
                    earlier_[i] + writing_[i], writing_[i], now_unix(), sql_literal(kLossInfo[i].name)));
    if (!updated) return std::unexpected(updated.error());
  }
  return {};
}

}  // namespace llt::store
