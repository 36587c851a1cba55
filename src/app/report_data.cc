#include "app/report_data.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "app/advice.h"
#include "app/report_gpu.h"
#include "app/report_reuse.h"
#include "app/report_steps.h"
#include "app/sql.h"
#include "app/units.h"
#include "app/version.h"
#include "views/phases.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSlowest = 10;

// A distribution's member and the value, in milliseconds, of one request.
struct Latency {
  std::string_view member, sql;
};
constexpr std::array kLatencies = {
    Latency{"ttft_ms", "ttft_ns / 1e6"},
    Latency{"tpot_ms", "CASE WHEN output_tokens > 1 THEN decode_ns / 1e6 / (output_tokens - 1) END"},
    Latency{"queue_ms", "queue_ns / 1e6"},
    Latency{"prefill_ms", "prefill_ns / 1e6"},
    Latency{"decode_ms", "decode_ns / 1e6"},
    Latency{"e2e_ms", "total_ns / 1e6"},
};
constexpr std::string_view kGaps = "itl_ms";

struct Statistic {
  std::string_view member, sql;
};
constexpr std::array kStatistics = {
    Statistic{"p50", "quantile_cont({0}, 0.5)"},
    Statistic{"p90", "quantile_cont({0}, 0.9)"},
    Statistic{"p95", "quantile_cont({0}, 0.95)"},
    Statistic{"p99", "quantile_cont({0}, 0.99)"},
    Statistic{"mean", "avg({0})"},
    Statistic{"count", "count({0})"},
};

// Inference requests in the window; every query below reads this.
std::string window_sql(std::optional<UnixNs> since) {
  const std::string condition = since ? fmt::format(" AND start_unix_ns >= {}", *since) : "";
  return "WITH r AS (SELECT *, coalesce(model, response_model) AS m FROM requests WHERE operation IS NOT "
         "NULL" +
         condition + ") ";
}

std::string statistics_sql(std::string_view member, std::string_view value) {
  std::string sql;
  for (const Statistic& statistic : kStatistics) {
    sql += fmt::format(", {} AS {}_{}", fmt::format(fmt::runtime(statistic.sql), value), member,
                       statistic.member);
  }
  return sql;
}

// How many requests keep a service level, miss it, and cannot be judged.
std::string slo_counts_sql(const Slo& slo) {
  const std::string keeps = slo_sql(slo);
  std::string sql = fmt::format(
      ", count(*) FILTER (WHERE {0}) AS slo_met, count(*) FILTER (WHERE NOT {0}) AS slo_missed, "
      "count(*) FILTER (WHERE {0} IS NULL) AS slo_not_judged",
      keeps);
  for (const char* limit : {"ttft", "tpot", "e2e"}) {
    sql += fmt::format(", count(*) FILTER (WHERE error_type IS NULL AND NOT {}) AS slo_missed_{}",
                       slo_limit_sql(slo, limit), limit);
  }
  return sql;
}

// One row for everything and one for each model and route.
std::string totals_sql(std::optional<UnixNs> since, const std::optional<Slo>& slo) {
  std::string sql = window_sql(since) +
                    "SELECT GROUPING(m, route) AS total, m AS model, route, count(*) AS requests, "
                    "count(error_type) AS errors, min(start_unix_ns) AS from_unix_ns, "
                    "max(start_unix_ns + total_ns) AS to_unix_ns, "
                    "sum(input_tokens)::BIGINT AS input_tokens, sum(cached_tokens)::BIGINT AS cached_tokens, "
                    "sum(output_tokens)::BIGINT AS output_tokens, "
                    "(sum(cached_tokens) FILTER (WHERE input_tokens IS NOT NULL)) / "
                    "nullif(sum(input_tokens) FILTER (WHERE cached_tokens IS NOT NULL), 0)::DOUBLE "
                    "AS cache_hit_ratio, "
                    "sum(prompt_tokens_processed) FILTER (WHERE engine_prefill_ns > 0) * 1e9 / "
                    "nullif(sum(engine_prefill_ns) FILTER (WHERE prompt_tokens_processed IS NOT NULL), 0) "
                    "AS prefill_tokens_per_second, "
                    "sum(output_tokens) FILTER (WHERE engine_decode_ns > 0) * 1e9 / "
                    "nullif(sum(engine_decode_ns) FILTER (WHERE output_tokens IS NOT NULL), 0) "
                    "AS decode_tokens_per_second";
  for (const Latency& latency : kLatencies) {
    sql +=
        statistics_sql(latency.member, fmt::format("CASE WHEN error_type IS NULL THEN {} END", latency.sql));
  }
  if (slo) sql += slo_counts_sql(*slo);
  return sql + " FROM r GROUP BY GROUPING SETS ((), (m, route)) ORDER BY total DESC, requests DESC, m, route";
}

std::string gaps_sql(std::optional<UnixNs> since) {
  return window_sql(since) +
         ", g AS (SELECT m, route, unnest(chunk_gaps_us) / 1e3 AS gap FROM r WHERE error_type IS NULL) "
         "SELECT GROUPING(m, route) AS total, m AS model, route" +
         statistics_sql(kGaps, "gap") + " FROM g GROUP BY GROUPING SETS ((), (m, route))";
}

std::string phases_sql(std::optional<UnixNs> since) {
  std::string sql = window_sql(since) + "SELECT sum(total_ns)::DOUBLE AS total";
  for (const views::Phase& phase : views::kPhases)
    sql += fmt::format(", sum({}) / 1e6 AS {}", phase.column, phase.name);
  return sql + " FROM r";
}

std::string errors_sql(std::optional<UnixNs> since) {
  return window_sql(since) +
         "SELECT error_type, http_status, count(*) AS count, max(start_unix_ns) AS last_unix_ns, "
         "arg_max(error_message, start_unix_ns) AS last_message FROM r WHERE error_type IS NOT NULL "
         "GROUP BY ALL ORDER BY count DESC, error_type, http_status";
}

std::string slowest_sql(std::optional<UnixNs> since) {
  std::string columns;
  for (const views::Phase& phase : views::kPhases) columns += fmt::format(", {}", phase.column);
  return window_sql(since) +
         fmt::format(
             "SELECT request_id, trace_id, start_unix_ns, m AS model, route, http_status, error_type, "
             "total_ns, ttft_ns, input_tokens, cached_tokens, output_tokens{} FROM r "
             "ORDER BY total_ns DESC, request_id LIMIT {}",
             columns, kSlowest);
}

Json distribution(const Json& row, std::string_view member) {
  Json values;
  for (const Statistic& statistic : kStatistics) {
    values[std::string(statistic.member)] =
        row.value(fmt::format("{}_{}", member, statistic.member), Json(nullptr));
  }
  if (values["count"].is_null()) values["count"] = 0;
  return values;
}

bool same_group(const Json& a, const Json& b) {
  return a["total"] == b["total"] && a["model"] == b["model"] && a["route"] == b["route"];
}

Json in_ms(const std::optional<std::int64_t>& ns) {
  return ns ? Json(static_cast<double>(*ns) / 1e6) : Json(nullptr);
}

// The service level and who kept it; null when none was stated.
Json slo_figures(const Json& row, const std::optional<Slo>& slo) {
  if (!slo) return nullptr;
  const auto judged = row["slo_met"].get<std::int64_t>() + row["slo_missed"].get<std::int64_t>();
  Json out = {
      {"ttft_ms", in_ms(slo->ttft_ns)}, {"tpot_ms", in_ms(slo->tpot_ns)}, {"e2e_ms", in_ms(slo->e2e_ns)}};
  for (const char* member : {"met", "missed", "not_judged", "missed_ttft", "missed_tpot", "missed_e2e"}) {
    out[member] = row[fmt::format("slo_{}", member)];
  }
  out["share"] =
      judged == 0 ? Json(nullptr) : Json(row["slo_met"].get<double>() / static_cast<double>(judged));
  return out;
}

// The members that the whole window and each group share.
Json figures(const Json& row, const Json& gap_rows, const std::optional<Slo>& slo) {
  Json out = {{"requests", row["requests"]}, {"errors", row["errors"]}};
  const Json& from = row["from_unix_ns"];
  const Json& to = row["to_unix_ns"];
  out["from_unix_ns"] = from;
  out["to_unix_ns"] = to;
  const double seconds =
      from.is_null() ? 0 : static_cast<double>(to.get<UnixNs>() - from.get<UnixNs>()) / 1e9;
  const auto per_second = [&](const Json& value) {
    return value.is_null() || seconds <= 0 ? Json(nullptr) : Json(value.get<double>() / seconds);
  };
  out["output_tokens_per_second"] = per_second(row["output_tokens"]);
  const std::int64_t succeeded = row["requests"].get<std::int64_t>() - row["errors"].get<std::int64_t>();
  out["goodput_rps"] = per_second(slo ? row["slo_met"].get<std::int64_t>() : succeeded);
  out["slo"] = slo_figures(row, slo);
  for (const char* member : {"input_tokens", "cached_tokens", "output_tokens", "cache_hit_ratio",
                             "prefill_tokens_per_second", "decode_tokens_per_second"}) {
    out[member] = row[member];
  }
  Json gaps = Json::object();
  for (const Json& candidate : gap_rows) {
    if (same_group(candidate, row)) gaps = candidate;
  }
  for (std::string_view member : kLatencyMembers) {
    out[std::string(member)] = distribution(member == kGaps ? gaps : row, member);
  }
  return out;
}

Json phase_list(const Json& row) {
  Json list = Json::array();
  const double total_ms = row["total"].is_null() ? 0 : row["total"].get<double>() / 1e6;
  for (const views::Phase& phase : views::kPhases) {
    const Json& ms = row[std::string(phase.name)];
    Json share = ms.is_null() || total_ms <= 0 ? Json(nullptr) : Json(ms.get<double>() / total_ms);
    list.push_back({{"name", phase.name}, {"total_ms", ms}, {"share", std::move(share)}});
  }
  return list;
}

Json slow_request(const Json& row) {
  Json out = row;
  for (const views::Phase& phase : views::kPhases) out.erase(std::string(phase.column));
  const auto longest = views::longest_phase(row);
  out["dominant_phase"] = longest ? Json(longest->name) : Json(nullptr);
  out["share"] = longest ? Json(longest->share) : Json(nullptr);
  const std::string error =
      longest && row["error_type"].is_string() ? row["error_type"].get<std::string>() + ": " : "";
  out["reason"] = longest ? error + longest->text : "not known";
  return out;
}

}  // namespace

Result<Json> report_document(Source& source, std::optional<UnixNs> since, const std::optional<Slo>& slo) {
  const std::string other = fmt::format("SELECT count(*) AS n FROM requests WHERE operation IS NULL{}",
                                        since ? fmt::format(" AND start_unix_ns >= {}", *since) : "");
  const std::array queries = {
      totals_sql(since, slo),
      gaps_sql(since),
      phases_sql(since),
      errors_sql(since),
      slowest_sql(since),
      other,
      std::string("SELECT name, severity, count FROM losses WHERE count > 0 ORDER BY name")};
  std::array<Json, queries.size()> results;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    auto rows = query_rows(source, queries[i]);
    if (!rows) return std::unexpected(rows.error());
    results[i] = std::move(*rows);
  }
  const auto& [totals, gaps, phases, errors, slowest, others, losses] = results;
  Json document = {{"version", kVersion}, {"since_unix_ns", since ? Json(*since) : Json(nullptr)}};
  document.update(figures(totals.at(0), gaps, slo));
  document["other_requests"] = others.at(0)["n"];
  document["phases"] = phase_list(phases.at(0));
  document["groups"] = Json::array();
  for (std::size_t i = 1; i < totals.size(); ++i) {
    Json group = {{"model", totals[i]["model"]}, {"route", totals[i]["route"]}};
    group.update(figures(totals[i], gaps, slo));
    document["groups"].push_back(std::move(group));
  }
  document["errors_by_type"] = errors;
  document["slowest"] = Json::array();
  for (const Json& row : slowest) document["slowest"].push_back(slow_request(row));
  document["losses"] = losses;
  auto energy = energy_figures(source, since);
  if (!energy) return std::unexpected(energy.error());
  auto bounds = bound_figures(source, document);
  if (!bounds) return std::unexpected(bounds.error());
  document["energy"] = std::move(*energy);
  document["bounds"] = std::move(*bounds);
  auto steps = engine_time(source, since);
  if (!steps) return std::unexpected(steps.error());
  document["engine_time"] = std::move(*steps);
  auto reuse = prompt_reuse(source, since);
  if (!reuse) return std::unexpected(reuse.error());
  document["prompt_reuse"] = std::move(*reuse);
  auto advice = advise(source, since);
  if (!advice) return std::unexpected(advice.error());
  document["advice"] = advice_json(*advice);
  return document;
}

}  // namespace llt::app
