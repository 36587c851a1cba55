#include "app/advice.h"

#include <fmt/format.h>

#include "app/advice_rules.h"
#include "app/sql.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

std::string window(std::optional<UnixNs> since, std::string_view column) {
  return since ? fmt::format("{} >= {}", column, *since) : std::string("true");
}

std::string filled(std::string_view sql, std::optional<UnixNs> since) {
  std::string text(sql);
  constexpr std::string_view kWindow = "{window}";
  const std::string with = window(since, "start_unix_ns");
  for (std::size_t at = text.find(kWindow); at != std::string::npos;
       at = text.find(kWindow, at + with.size()))
    text.replace(at, kWindow.size(), with);
  return text;
}

}  // namespace

Result<std::vector<Advice>> engine_sickness(Source& source, std::optional<UnixNs> since) {
  const auto rows = query_rows(
      source,
      fmt::format("SELECT kind, count(*) AS times, max(unix_ns) AS last_unix_ns, "
                  "arg_max(message, unix_ns) AS message, arg_max(attributes::VARCHAR, unix_ns) AS numbers "
                  "FROM events WHERE (kind LIKE 'engine.steps_%' OR kind LIKE 'engine.gaps_%') AND {} "
                  "GROUP BY kind ORDER BY kind",
                  window(since, "unix_ns")));
  if (!rows) return std::unexpected(rows.error());
  std::vector<Advice> out;
  for (const Json& row : *rows) out.push_back(sickness_advice(row));
  return out;
}

Result<std::vector<Advice>> advise(Source& source, std::optional<UnixNs> since) {
  auto all = engine_sickness(source, since);
  if (!all) return all;
  for (const AdviceRule& rule : advice_rules()) {
    const auto rows = query_rows(source, filled(rule.sql, since));
    // A store of an earlier version that no `up` has opened since lacks some of the tables.
    if (!rows && rows.error().code == ErrorCode::invalid_argument) continue;
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) continue;
    if (auto advice = rule.judge(rows->front())) all->push_back(std::move(*advice));
  }
  return all;
}

Json advice_json(const std::vector<Advice>& advice) {
  Json list = Json::array();
  for (const Advice& one : advice) {
    list.push_back({{"topic", one.topic},
                    {"what", one.what},
                    {"action", one.action},
                    {"evidence", one.evidence},
                    {"numbers", one.numbers}});
  }
  return list;
}

}  // namespace llt::app
