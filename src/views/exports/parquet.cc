#include "views/exports/parquet.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/output_file.h"
#include "schema/tables.h"
#include "views/exports/content.h"
#include "views/exports/rows.h"

namespace llt::views {
namespace {

constexpr std::string_view kSpans = "spans";

const store::TableInfo* find_table(std::string_view name) {
  const auto found = std::ranges::find(store::tables(), name, &store::TableInfo::name);
  return found == store::tables().end() ? nullptr : &*found;
}

// Of a table that came with a later version nothing but its name is known; then its rows go as they are.
std::string select(std::string_view name, const ParquetRequest& request) {
  const store::TableInfo* table = find_table(name == kSpans ? "received_spans" : name);
  if (table == nullptr) return fmt::format("SELECT * FROM \"{}\"", name);
  std::string left_out;
  for (const store::ColumnInfo& column : table->columns) {
    if (column.content && !request.content)
      left_out += fmt::format("{}\"{}\"", left_out.empty() ? "" : ", ", column.name);
  }
  const bool has_attributes = table->name == "received_spans";
  std::string sql = "SELECT *";
  if (!left_out.empty()) sql += fmt::format(" EXCLUDE ({})", left_out);
  if (has_attributes && !request.content) {
    sql += fmt::format(" REPLACE ({} AS attributes, {} AS events)", without_content("attributes"),
                       events_without_content("events"));
  }
  sql += fmt::format(" FROM \"{}\"", name);
  if (request.since && !table->age_column.empty())
    sql += fmt::format(" WHERE \"{}\" >= {}", table->age_column, *request.since);
  return sql;
}

// `spans` is a view that repeats what other tables hold, `meta` is the store's own bookkeeping.
Result<std::vector<std::string>> tables_wanted(store::Reader& reader, const ParquetRequest& request) {
  auto there = table_names(reader);
  if (!there) return there;
  if (request.tables.empty()) {
    std::erase(*there, kSpans);
    std::erase(*there, "meta");
    return there;
  }
  for (const std::string& table : request.tables) {
    if (std::ranges::find(*there, table) != there->end()) continue;
    std::string names;
    for (const std::string& name : *there) names += (names.empty() ? "" : ", ") + name;
    return fail(ErrorCode::invalid_argument, fmt::format("the store has no table '{}'", table),
                "it has " + names);
  }
  return request.tables;
}

Result<ParquetFile> write_table(store::Reader& reader, const std::string& table,
                                const ParquetRequest& request, const ParquetProgress& progress) {
  ParquetFile done{table, request.folder / (table + ".parquet"), 0};
  auto file = OutputFile::create(done.path);
  if (!file) return std::unexpected(file.error());
  Result<> written;
  store::QueryLimits limits;
  limits.timeout_ms = 0;
  const auto asked =
      reader.query(select(table, request), store::Format::parquet, limits, [&](std::string_view piece) {
        done.bytes += piece.size();
        progress(table, done.bytes);
        written = file->write(piece);
        return written.has_value();
      });
  if (!written) return std::unexpected(written.error());
  if (!asked) return std::unexpected(asked.error());
  if (auto committed = file->commit(); !committed) return std::unexpected(committed.error());
  return done;
}

}  // namespace

Result<std::vector<ParquetFile>> export_parquet(store::Reader& reader, const ParquetRequest& request,
                                                const ParquetProgress& progress) {
  const auto tables = tables_wanted(reader, request);
  if (!tables) return std::unexpected(tables.error());
  std::error_code error;
  std::filesystem::create_directories(request.folder, error);
  if (error) {
    return fail(ErrorCode::permission_denied,
                fmt::format("cannot make the folder {}: {}", request.folder.string(), error.message()),
                "choose one that you may write to");
  }
  std::vector<ParquetFile> files;
  for (const std::string& table : *tables) {
    progress(table, 0);
    auto file = write_table(reader, table, request, progress);
    if (!file) return std::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  return files;
}

}  // namespace llt::views
