#include "views/exports/graph_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>

#include "base/sql_literal.h"
#include "views/exports/rows.h"

namespace llt::views {
namespace {

struct Field {
  std::string_view name;
  ColumnType type;
  std::string_view sql;
};

// Of each kind: the columns, whose first is the id, and what they are selected from. {since} and {trace} are
// filled in.
struct Details {
  std::string_view kind, id;
  std::span<const Field> fields;
  std::string_view from;
  std::span<const Field> content = {};
};

constexpr std::array kSpanFields{
    Field{"service", ColumnType::text, "service_name"},
    Field{"name", ColumnType::text, "name"},
    Field{"kind", ColumnType::text, "kind"},
    Field{"status", ColumnType::text, "status_code"},
    Field{"trace_id", ColumnType::text, "trace_id"},
    Field{"time", ColumnType::time, "start_unix_ns"},
    Field{"duration_ms", ColumnType::real, "duration_ns / 1e6"},
};
constexpr std::array kServiceFields{
    Field{"spans", ColumnType::integer, "count(*)"},
    Field{"errors", ColumnType::integer, "count_if(status_code = 'ERROR')"},
    Field{"duration_ms_p50", ColumnType::real, "quantile_cont(duration_ns, 0.5) / 1e6"},
    Field{"duration_ms_p95", ColumnType::real, "quantile_cont(duration_ns, 0.95) / 1e6"},
};
constexpr std::array kRequestFields{
    Field{"time", ColumnType::time, "start_unix_ns"},
    Field{"model", ColumnType::text, "model"},
    Field{"route", ColumnType::text, "route"},
    Field{"operation", ColumnType::text, "operation"},
    Field{"upstream", ColumnType::text, "upstream"},
    Field{"outcome", ColumnType::text,
          "coalesce(error_type, CASE WHEN http_status >= 400 THEN CAST(http_status AS VARCHAR) END, 'ok')"},
    Field{"conversation_id", ColumnType::text, "conversation_id"},
    Field{"trace_id", ColumnType::text, "trace_id"},
    Field{"total_ms", ColumnType::real, "total_ns / 1e6"},
    Field{"ttft_ms", ColumnType::real, "ttft_ns / 1e6"},
    Field{"queue_ms", ColumnType::real, "queue_ns / 1e6"},
    Field{"input_tokens", ColumnType::integer, "input_tokens"},
    Field{"cached_tokens", ColumnType::integer, "cached_tokens"},
    Field{"output_tokens", ColumnType::integer, "output_tokens"},
};

constexpr std::array kPromptFields{
    Field{"prompt", ColumnType::text, "coalesce(CAST(input_messages AS VARCHAR), request_content)"},
    Field{"answer", ColumnType::text, "coalesce(CAST(output_messages AS VARCHAR), response_content)"},
};

constexpr std::string_view kFromRequests = "FROM requests WHERE start_unix_ns >= {since}";
constexpr std::array kDetails{
    Details{"trace", "span_id", kSpanFields, "FROM spans WHERE ({trace} = '' OR trace_id = {trace})"},
    Details{"services", "service_name", kServiceFields,
            "FROM spans WHERE start_unix_ns >= {since} GROUP BY service_name"},
    Details{"interference", "request_id", kRequestFields, kFromRequests, kPromptFields},
    Details{"prefix", "request_id", kRequestFields, kFromRequests, kPromptFields},
};

void replace(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

std::string statement(const Details& details, const std::vector<Field>& fields,
                      const analytics::StoreGraphRequest& request) {
  std::string sql = fmt::format("SELECT {}", details.id);
  for (const Field& field : fields) sql += fmt::format(", {} AS {}", field.sql, field.name);
  sql += fmt::format(" {}", details.from);
  replace(sql, "{since}", std::to_string(request.since.value_or(0)));
  replace(sql, "{trace}", sql_literal(request.trace));
  return sql;
}

Cell cell_of(const Row& row, std::size_t column, ColumnType type) {
  if (!row.known(column)) return {};
  switch (type) {
    case ColumnType::text:
      return std::string(row.text(column));
    case ColumnType::real:
      if (const auto value = row.real(column)) return *value;
      return {};
    case ColumnType::integer:
    case ColumnType::time:
      break;
  }
  if (const auto value = row.integer(column)) return *value;
  return {};
}

}  // namespace

Cell DetailColumn::at(std::size_t row) const {
  if (!known_[row]) return {};
  if (type_ == ColumnType::text) return texts_[static_cast<std::size_t>(cells_[row])];
  if (type_ == ColumnType::real) return std::bit_cast<double>(cells_[row]);
  return cells_[row];
}

void DetailColumn::set(std::size_t row, const Cell& cell) {
  known_[row] = !std::holds_alternative<std::monostate>(cell);
  if (const auto* number = std::get_if<std::int64_t>(&cell)) cells_[row] = *number;
  if (const auto* real = std::get_if<double>(&cell)) cells_[row] = std::bit_cast<std::int64_t>(*real);
  if (const auto* text = std::get_if<std::string>(&cell)) {
    const auto [place, added] = places_.try_emplace(*text, static_cast<std::int64_t>(texts_.size()));
    if (added) texts_.push_back(*text);
    cells_[row] = place->second;
  }
}

Result<std::vector<DetailColumn>> read_details(store::Reader& reader, std::string_view kind,
                                               const analytics::StoreGraphRequest& request,
                                               const analytics::IdTable& ids, bool content) {
  std::vector<DetailColumn> columns;
  const auto* details = std::ranges::find(kDetails, kind, &Details::kind);
  if (details == kDetails.end()) return columns;
  std::vector<Field> fields(details->fields.begin(), details->fields.end());
  if (content) fields.insert(fields.end(), details->content.begin(), details->content.end());
  for (const Field& field : fields) columns.emplace_back(std::string(field.name), field.type, ids.size());
  auto read = for_each_row(reader, statement(*details, fields, request), [&](const Row& row) -> Result<> {
    const auto vertex = ids.find(row.text(0));
    if (!vertex) return {};
    for (std::size_t i = 0; i < columns.size(); ++i)
      columns[i].set(*vertex, cell_of(row, i + 1, columns[i].type()));
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return columns;
}

std::vector<DetailColumn> model_details(const analytics::IdTable& ids) {
  std::vector<DetailColumn> columns;
  DetailColumn& layer = columns.emplace_back("layer", ColumnType::integer, ids.size());
  DetailColumn part("part", ColumnType::text, ids.size());
  for (std::uint32_t v = 0; v < ids.size(); ++v) {
    const std::string id = ids.text(v);
    std::string_view rest = id;
    if (rest.starts_with("blk.")) {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(id.data() + 4, id.data() + id.size(), number);
      if (error == std::errc()) layer.set(v, number);
      rest.remove_prefix(static_cast<std::size_t>(end - id.data()));
      if (rest.starts_with('.')) rest.remove_prefix(1);
    }
    if (rest.ends_with(".weight")) rest.remove_suffix(7);
    part.set(v, std::string(rest.empty() ? std::string_view("layer") : rest));
  }
  columns.push_back(std::move(part));
  return columns;
}

}  // namespace llt::views
