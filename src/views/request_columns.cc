#include "views/request_columns.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "schema/tables.h"

namespace llt::views {
namespace {

constexpr std::array<std::string_view, 7> kOnlyInDetail{
    "request_content",     "response_content", "input_messages", "output_messages",
    "system_instructions", "tool_definitions", "chunk_gaps_us"};

constexpr std::array kComputed{
    RequestColumn{"tpot_ns",
                  "(CASE WHEN output_tokens > 1 AND decode_ns > 0 THEN decode_ns // (output_tokens - 1) END)",
                  ColumnKind::integer, "ns",
                  "time per output token: decode time divided by the tokens after the first", true, true},
    RequestColumn{"end_unix_ns", "(start_unix_ns + total_ns)", ColumnKind::integer, "ns since 1970",
                  "last answer byte written", false, true},
    RequestColumn{"tokens_per_second",
                  "(CASE WHEN output_tokens > 1 AND decode_ns > 0 THEN (output_tokens - 1) * 1e9 / decode_ns "
                  "END)",
                  ColumnKind::real, "tokens/s", "tokens after the first, divided by the decode time", true,
                  true},
    RequestColumn{"cached_share", "(cached_tokens / nullif(input_tokens, 0))", ColumnKind::real, "",
                  "share of the prompt's tokens found in the KV cache, 0 to 1", true, true},
};

ColumnKind kind_of(std::string_view sql_type) {
  if (sql_type == "VARCHAR") return ColumnKind::text;
  if (sql_type == "BOOLEAN") return ColumnKind::boolean;
  if (sql_type == "DOUBLE") return ColumnKind::real;
  if (sql_type.ends_with("INT") || sql_type.ends_with("INTEGER")) return ColumnKind::integer;
  return ColumnKind::other;
}

std::vector<RequestColumn> all_columns() {
  const auto tables = store::tables();
  const auto table = std::ranges::find(tables, std::string_view("requests"), &store::TableInfo::name);
  LLT_CHECK(table != tables.end());
  std::vector<RequestColumn> columns;
  for (const store::ColumnInfo& column : table->columns) {
    columns.push_back({.name = column.name,
                       .sql = column.name,
                       .kind = kind_of(column.sql_type),
                       .unit = column.unit,
                       .description = column.description,
                       .nullable = column.nullable,
                       .listed = std::ranges::find(kOnlyInDetail, column.name) == kOnlyInDetail.end()});
  }
  columns.insert(columns.end(), kComputed.begin(), kComputed.end());
  return columns;
}

}  // namespace

std::span<const RequestColumn> request_columns() {
  static const std::vector<RequestColumn> columns = all_columns();
  return columns;
}

const RequestColumn* find_request_column(std::string_view name) {
  const auto columns = request_columns();
  const auto found = std::ranges::find(columns, name, &RequestColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

}  // namespace llt::views
