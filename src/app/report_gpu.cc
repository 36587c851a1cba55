#include "app/report_gpu.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "app/sql.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

// joules: of the engine's cards by the second. A gap in the readings is left out, and so is a counter that
// went back because the driver was loaded anew.
constexpr std::string_view kJoulesSql = R"(
joules AS (
  SELECT second, sum(e - before) AS joules FROM (
    SELECT second, e, lag(e) OVER w AS before, second - lag(second) OVER w AS gap FROM (
      SELECT gpu, unix_ns // 1000000000 AS second, max(energy_joules) AS e FROM gpu_samples
      WHERE energy_joules IS NOT NULL{0} AND gpu IN (
        SELECT gpu FROM gpus GROUP BY gpu HAVING arg_max(role, unix_ns) LIKE 'engine%')
      GROUP BY ALL)
    WINDOW w AS (PARTITION BY gpu ORDER BY second))
  WHERE gap <= 2 AND e >= before GROUP BY second))";

// present: one row for each request and second that it was at the engine, with the nanoseconds of it.
constexpr std::string_view kPresentSql = R"(
r AS (
  SELECT request_id, output_tokens, start_unix_ns + coalesce(prefill_start_ns, operation_start_ns, 0) AS b,
    start_unix_ns + coalesce(operation_start_ns + operation_ns, total_ns) AS f
  FROM requests WHERE operation IS NOT NULL{0}),
present AS (
  SELECT request_id, output_tokens, second,
    least(f, (second + 1) * 1000000000) - greatest(b, second * 1000000000) AS ns
  FROM (SELECT *, unnest(range(b // 1000000000, f // 1000000000 + 1)) AS second FROM r WHERE f > b)))";

constexpr std::string_view kSharesSql = R"(
shares AS (
  SELECT request_id, any_value(output_tokens) AS tokens, sum(joules * ns / of_all) AS j FROM (
    SELECT *, sum(ns) OVER (PARTITION BY second) AS of_all FROM present JOIN joules USING (second) WHERE ns > 0)
  GROUP BY request_id)
SELECT (SELECT sum(joules) FROM joules) AS total_joules, sum(j) AS joules,
  sum(j) FILTER (WHERE tokens > 0) / nullif(sum(tokens), 0) AS joules_per_output_token,
  quantile_cont(j, 0.5) AS p50, quantile_cont(j, 0.9) AS p90, quantile_cont(j, 0.95) AS p95,
  quantile_cont(j, 0.99) AS p99, avg(j) AS mean, count(j) AS count FROM shares)";

std::string energy_sql(std::optional<UnixNs> since) {
  const auto from = [&](std::string_view column) {
    return since ? fmt::format(" AND {} >= {}", column, *since) : std::string();
  };
  return "WITH" + fmt::format(fmt::runtime(kJoulesSql), from("unix_ns")) + "," +
         fmt::format(fmt::runtime(kPresentSql), from("start_unix_ns")) + "," + std::string(kSharesSql);
}

Json share_of(const Json& measured, const Json& bound) {
  if (!measured.is_number() || !bound.is_number() || bound.get<double>() <= 0) return nullptr;
  return measured.get<double>() / bound.get<double>();
}

}  // namespace

Result<Json> energy_figures(Source& source, std::optional<UnixNs> since) {
  auto rows = query_rows(source, energy_sql(since));
  if (!rows) return std::unexpected(rows.error());
  const Json& row = rows->at(0);
  if (row["total_joules"].is_null()) return Json(nullptr);
  Json per_request = Json::object();
  for (const char* member : {"p50", "p90", "p95", "p99", "mean", "count"}) per_request[member] = row[member];
  return Json{{"total_joules", row["total_joules"]},
              {"joules", row["joules"]},
              {"joules_per_output_token", row["joules_per_output_token"]},
              {"joules_per_request", std::move(per_request)}};
}

Result<Json> bound_figures(Source& source, const Json& totals) {
  auto rows =
      query_rows(source,
                 "SELECT (attributes->'bounds'->>'decode_tokens_per_second')::DOUBLE AS decode, "
                 "(attributes->'bounds'->>'prefill_tokens_per_second')::DOUBLE AS prefill FROM events "
                 "WHERE kind = 'placement.chosen' ORDER BY unix_ns DESC LIMIT 1");
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return Json(nullptr);
  const Json& row = rows->at(0);
  if (row["decode"].is_null() && row["prefill"].is_null()) return Json(nullptr);
  return Json{{"decode_tokens_per_second", row["decode"]},
              {"decode_share", share_of(totals["decode_tokens_per_second"], row["decode"])},
              {"prefill_tokens_per_second", row["prefill"]},
              {"prefill_share", share_of(totals["prefill_tokens_per_second"], row["prefill"])}};
}

}  // namespace llt::app
