#include "views/query_api.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace llt::views {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::invalid_argument, std::move(message),
              R"(send {"sql": "SELECT ...", "format": "json", "timeout_ms": 30000, "max_rows": 1000})");
}

std::optional<std::int64_t> positive(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number == 0) return std::nullopt;
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(std::min(number, kMost));
  }
  return std::nullopt;
}

Result<> take_member(QueryRequest& query, const std::string& name, const nlohmann::json& value,
                     std::int64_t longest_timeout_ms, std::int64_t& timeout_ms) {
  if (name == "sql") {
    if (!value.is_string()) return bad("'sql' is not a text");
    query.sql = value.get<std::string>();
  } else if (name == "format") {
    const auto format = value.is_string() ? store::parse_format(value.get<std::string>()) : std::nullopt;
    if (!format) return bad("'format' is none of json, csv, table, parquet, arrow");
    query.format = *format;
  } else if (name == "timeout_ms") {
    const auto number = positive(value);
    if (!number) return bad("'timeout_ms' is not a whole number above 0");
    if (*number > longest_timeout_ms) {
      return bad("'timeout_ms' is above " + std::to_string(longest_timeout_ms));
    }
    timeout_ms = *number;
  } else if (name == "max_rows") {
    const auto number = positive(value);
    if (!number && value != 0) return bad("'max_rows' is not a whole number");
    query.limits.max_rows = number ? static_cast<std::uint64_t>(*number) : 0;
  } else {
    return bad("'" + name + "' is not a member of a query");
  }
  return {};
}

}  // namespace

Result<QueryRequest> parse_query(std::string_view body, std::int64_t default_timeout_ms,
                                 std::int64_t longest_timeout_ms) {
  const nlohmann::json document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object()) return bad("the body is not a JSON object");
  QueryRequest query;
  std::int64_t timeout_ms = default_timeout_ms;
  for (const auto& [name, value] : document.items()) {
    auto taken = take_member(query, name, value, longest_timeout_ms, timeout_ms);
    if (!taken) return std::unexpected(std::move(taken.error()));
  }
  if (query.sql.find_first_not_of(" \t\r\n;") == std::string::npos) return bad("'sql' is missing or empty");
  if (query.sql.find('\0') != std::string::npos) return bad("'sql' contains a NUL character");
  query.limits.timeout_ms = static_cast<int>(timeout_ms);
  return query;
}

}  // namespace llt::views
