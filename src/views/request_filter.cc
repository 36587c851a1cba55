#include "views/request_filter.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "base/sql_literal.h"

namespace llt::views {
namespace {

constexpr std::int64_t kMaxLimit = 1000;
constexpr std::int64_t kMaxNs = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxCursorBytes = 4096;
constexpr std::string_view kFilterHint =
    "COLUMN:OPERATOR:VALUE, with an operator eq, ne, lt, le, gt, ge, has or is; for example "
    "total_ns:ge:500000000, "
    "model:has:llama, ttft_ns:is:null";

struct Comparison {
  std::string_view name, sql;
};
constexpr std::array kComparisons{Comparison{"eq", "="}, Comparison{"ne", "IS DISTINCT FROM"},
                                  Comparison{"lt", "<"}, Comparison{"le", "<="},
                                  Comparison{"gt", ">"}, Comparison{"ge", ">="}};

std::unexpected<Error> refuse(std::string_view parameter, std::string_view hint) {
  return std::unexpected(bad_parameter(parameter, hint));
}

// The value as SQL writes it, when it is one of the column's kind.
std::optional<std::string> literal_for(const RequestColumn& column, std::string_view text) {
  switch (column.kind) {
    case ColumnKind::text:
      return sql_literal(text);
    case ColumnKind::boolean:
      return text == "true" || text == "false" ? std::optional(std::string(text)) : std::nullopt;
    case ColumnKind::integer: {
      const auto value = parse_integer(text, std::numeric_limits<std::int64_t>::min() + 1, kMaxNs);
      return value ? std::optional(std::to_string(*value)) : std::nullopt;
    }
    case ColumnKind::real: {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      const bool whole = error == std::errc{} && end == text.data() + text.size();
      return whole && std::isfinite(value) ? std::optional(fmt::format("{}::DOUBLE", value)) : std::nullopt;
    }
    case ColumnKind::other:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<std::string> filter_condition(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos) return refuse("filter", kFilterHint);
  const std::string_view name = text.substr(0, first);
  const std::string_view operation = text.substr(first + 1, second - first - 1);
  const std::string_view value = text.substr(second + 1);
  const RequestColumn* column = find_request_column(name);
  if (column == nullptr) {
    return refuse("filter", fmt::format("'{}' is not a column; /api/v1/schema lists them", name));
  }
  if (operation == "is" && (value == "null" || value == "known")) {
    return fmt::format("{} IS {}NULL", column->sql, value == "known" ? "NOT " : "");
  }
  if (operation == "has" && column->kind == ColumnKind::text) {
    return fmt::format("contains(lower({}), lower({}))", column->sql, sql_literal(value));
  }
  for (const Comparison& comparison : kComparisons) {
    if (operation != comparison.name) continue;
    const auto literal = literal_for(*column, value);
    if (!literal) return refuse("filter", fmt::format("'{}' is no value for {}", value, name));
    return fmt::format("{} {} {}", column->sql, comparison.sql, *literal);
  }
  return refuse("filter", kFilterHint);
}

Result<std::string> time_condition(const Target& target, std::string_view parameter,
                                   std::string_view comparison) {
  const auto text = target.find(parameter);
  if (!text) return std::string{};
  const auto value = parse_integer(*text, 0, kMaxNs);
  if (!value) return refuse(parameter, "nanoseconds since 1970");
  return fmt::format(" AND start_unix_ns {} {}", comparison, *value);
}

std::string search_condition(std::string_view text) {
  std::string any;
  for (const std::string_view column :
       {"request_id", "trace_id", "conversation_id", "model", "route", "error_type", "error_message"}) {
    fmt::format_to(std::back_inserter(any), "{}contains(lower({}), lower({}))", any.empty() ? "" : " OR ",
                   column, sql_literal(text));
  }
  return " AND (" + any + ")";
}

struct Sort {
  const RequestColumn* column;
  bool descending;
};

Result<Sort> parse_sort(const Target& target) {
  std::string_view text = target.find("sort").value_or("-start_unix_ns");
  const bool descending = text.starts_with('-');
  if (descending) text.remove_prefix(1);
  const RequestColumn* column = find_request_column(text);
  if (column == nullptr || column->kind == ColumnKind::other || !column->listed) {
    return refuse("sort", "a column of /api/v1/schema, with '-' before it for the largest first");
  }
  return Sort{column, descending};
}

// Rows after the cursor in the list's order; unknown values are last in both directions.
Result<std::string> after_condition(const Sort& sort, std::string_view text) {
  const auto refused = [] { return refuse("after", "the value of `next` of the page before, unchanged"); };
  if (text.size() > kMaxCursorBytes) return refused();
  const Json cursor = Json::parse(text, nullptr, false);
  if (!cursor.is_array() || cursor.size() != 4) return refused();
  if (!cursor[1].is_number_integer() || !cursor[2].is_string() || !cursor[3].is_string()) return refused();
  const auto trace = cursor[2].get<std::string>();
  const auto request = cursor[3].get<std::string>();
  if ((trace + request).find('\0') != std::string::npos) return refused();
  const std::string names = fmt::format("(trace_id > {0} OR (trace_id = {0} AND request_id > {1}))",
                                        sql_literal(trace), sql_literal(request));
  const auto start = cursor[1].get<std::int64_t>();
  const std::string_view beyond = sort.descending ? "<" : ">";
  if (sort.column->name == "start_unix_ns") {
    return fmt::format("(start_unix_ns {0} {1} OR (start_unix_ns = {1} AND {2}))", beyond, start, names);
  }
  const std::string tie = fmt::format("(start_unix_ns < {0} OR (start_unix_ns = {0} AND {1}))", start, names);
  const std::string_view column = sort.column->sql;
  if (cursor[0].is_null()) return fmt::format("({} IS NULL AND {})", column, tie);
  const bool is_text = cursor[0].is_string();
  const auto value = is_text ? cursor[0].get<std::string>() : cursor[0].dump();
  if (value.find('\0') != std::string::npos) return refused();
  const auto literal = literal_for(*sort.column, value);
  if (!literal || is_text != (sort.column->kind == ColumnKind::text)) return refused();
  return fmt::format("({0} {1} {2} OR {0} IS NULL OR ({0} = {2} AND {3}))", column, beyond, *literal, tie);
}

// The list's own columns, and those that a cursor is made of.
Result<std::string> parse_columns(const Target& target, const Sort& sort) {
  const auto text = target.find("columns");
  std::vector<const RequestColumn*> chosen;
  const auto add = [&chosen](const RequestColumn* column) {
    if (std::ranges::find(chosen, column) == chosen.end()) chosen.push_back(column);
  };
  std::string_view rest = text.value_or(kRequestColumns);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    const RequestColumn* column = find_request_column(name);
    if (column == nullptr || !column->listed) {
      return refuse("columns", "names of columns of /api/v1/schema, with commas between them");
    }
    add(column);
  }
  for (const std::string_view name : {"request_id", "trace_id", "start_unix_ns"})
    add(find_request_column(name));
  add(sort.column);
  std::string select;
  for (const RequestColumn* column : chosen) {
    fmt::format_to(std::back_inserter(select), "{}{} AS {}", select.empty() ? "" : ", ", column->sql,
                   column->name);
  }
  return select;
}

}  // namespace

Result<std::string> request_conditions(const Target& target) {
  const auto all = target.flag("all"), errors = target.flag("errors");
  if (!all || !errors) return refuse(all ? "errors" : "all", "0 or 1");
  std::string where = *all ? "true" : "operation IS NOT NULL";
  for (const auto& [parameter, comparison] :
       {std::pair("since", ">="), std::pair("until", "<"), std::pair("before", "<")}) {
    auto condition = time_condition(target, parameter, comparison);
    if (!condition) return condition;
    where += *condition;
  }
  if (const auto text = target.find("model")) where += " AND model = " + sql_literal(*text);
  if (const auto text = target.find("route")) where += " AND route = " + sql_literal(*text);
  if (*errors) where += " AND error_type IS NOT NULL";
  if (const auto text = target.find("search"); text && !text->empty()) where += search_condition(*text);
  for (const auto& [name, value] : target.parameters) {
    if (name != "filter") continue;
    auto condition = filter_condition(value);
    if (!condition) return condition;
    where += " AND " + *condition;
  }
  return where;
}

Result<RequestPage> parse_request_page(const Target& target) {
  RequestPage page;
  if (const auto text = target.find("limit")) {
    const auto value = parse_integer(*text, 1, kMaxLimit);
    if (!value) return refuse("limit", "a number from 1 to 1000");
    page.limit = *value;
  }
  auto where = request_conditions(target);
  if (!where) return std::unexpected(std::move(where.error()));
  page.where = std::move(*where);
  const auto sort = parse_sort(target);
  if (!sort) return std::unexpected(sort.error());
  page.sort = sort->column->name;
  if (const auto text = target.find("after")) {
    auto after = after_condition(*sort, *text);
    if (!after) return std::unexpected(std::move(after.error()));
    page.where += " AND " + *after;
  }
  auto select = parse_columns(target, *sort);
  if (!select) return std::unexpected(std::move(select.error()));
  page.select = std::move(*select);
  const std::string_view direction = sort->descending ? "DESC" : "ASC";
  const std::string_view then = page.sort == "start_unix_ns" ? "" : ", start_unix_ns DESC";
  page.order_by = fmt::format("{} {} NULLS LAST{}, trace_id, request_id", sort->column->sql, direction, then);
  return page;
}

std::string cursor_of(const Json& row, const std::string& sort) {
  const Json cursor{row.value(sort, Json(nullptr)), row.value("start_unix_ns", Json(nullptr)),
                    row.value("trace_id", Json(nullptr)), row.value("request_id", Json(nullptr))};
  return cursor.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace llt::views
