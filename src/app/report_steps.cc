#include "app/report_steps.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "app/sql.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kWorst = 5;

std::string since_sql(std::string_view table, std::optional<UnixNs> since) {
  return since ? fmt::format(" AND {}.start_unix_ns >= {}", table, *since) : "";
}

std::string totals_sql(std::optional<UnixNs> since) {
  std::string sql = "SELECT count(*) AS requests";
  for (std::string_view part : kEngineParts) sql += fmt::format(", sum({0}_ns) / 1e6 AS {0}_ms", part);
  return sql + " FROM attribution a WHERE true" + since_sql("a", since);
}

// The request at the 99th percentile of the time per output token, and what of that time was others' prompts.
std::string slow_tokens_sql(std::optional<UnixNs> since) {
  return "WITH t AS (SELECT a.request_id, r.decode_ns / 1e6 / (r.output_tokens - 1) AS tpot_ms, "
         "a.stalled_ns / 1e6 / (r.output_tokens - 1) AS others_prefill_ms FROM attribution a "
         "JOIN requests r USING (request_id, start_unix_ns) "
         "WHERE r.output_tokens > 1 AND r.decode_ns > 0 AND r.error_type IS NULL" +
         since_sql("a", since) +
         ") SELECT * FROM t WHERE tpot_ms >= (SELECT quantile_disc(tpot_ms, 0.99) FROM t) "
         "ORDER BY tpot_ms, request_id LIMIT 1";
}

// Prompts that others had to wait for. Choices of one request do not hold each other up.
std::string worst_sql(std::optional<UnixNs> since) {
  return "WITH pairs AS (SELECT i.*, d.request_id AS delayed FROM interference i "
         "JOIN turns d ON d.engine_id = i.engine_id AND d.turn = i.turn WHERE i.prefill_ns > 0" +
         since_sql("i", since) +
         ") SELECT b.request_id, b.slot, b.start_unix_ns, b.prefill_tokens AS prompt_tokens, "
         "count(*) AS held_up, max(p.prefill_ns) / 1e6 AS longest_ms, sum(p.prefill_ns) / 1e6 AS total_ms "
         "FROM pairs p JOIN turns b ON b.engine_id = p.engine_id AND b.turn = p.by_turn "
         "WHERE b.request_id IS NULL OR b.request_id IS DISTINCT FROM p.delayed "
         "GROUP BY b.engine_id, b.turn, b.request_id, b.slot, b.start_unix_ns, b.prefill_tokens "
         "ORDER BY total_ms DESC, b.start_unix_ns LIMIT " +
         std::to_string(kWorst);
}

std::string external_sql(std::optional<UnixNs> since) {
  return "SELECT count(*) AS n FROM turns t WHERE request_id IS NULL" + since_sql("t", since);
}

}  // namespace

Result<Json> engine_time(Source& source, std::optional<UnixNs> since) {
  const std::array queries = {totals_sql(since), slow_tokens_sql(since), worst_sql(since),
                              external_sql(since)};
  std::array<Json, queries.size()> results;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    auto rows = query_rows(source, queries[i]);
    if (!rows) return std::unexpected(rows.error());
    results[i] = std::move(*rows);
  }
  const auto& [totals, slow, worst, external] = results;
  if (totals.at(0)["requests"] == 0) return Json(nullptr);
  Json out = totals.at(0);
  out["p99_time_per_output_token"] = slow.empty() ? Json(nullptr) : slow.at(0);
  out["worst_prompts"] = worst;
  out["external_turns"] = external.at(0)["n"];
  return out;
}

}  // namespace llt::app
