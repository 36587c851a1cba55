#include "views/live_queries.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/clock.h"
#include "store/reader.h"
#include "views/request_columns.h"

namespace llt::views {
namespace {

// Rows are found by their start; a request that ran for longer than this is missing from the live curves.
constexpr std::int64_t kLongestRequest = 3600 * kNsPerS;
const store::QueryLimits kLiveLimits{.timeout_ms = 10'000};

// Every row of inference that ended in [{0}, {1}), found by its start where the row groups' ranges help.
constexpr std::string_view kEnded =
    "operation IS NOT NULL AND start_unix_ns >= {0} - {2} AND start_unix_ns < {1} "
    "AND start_unix_ns + total_ns >= {0} AND start_unix_ns + total_ns < {1}";

// The phases of a request follow each other: receive, gateway and connect, then queue, prefill, decode.
constexpr std::string_view kContributions = R"sql(
WITH r AS (
  SELECT start_unix_ns + coalesce(receive_ns, 0) + coalesce(gateway_ns, 0) + coalesce(connect_ns, 0) AS b,
         coalesce(queue_ns, 0) AS q, coalesce(prefill_ns, 0) AS p, coalesce(decode_ns, 0) AS d,
         coalesce(prompt_tokens_processed, input_tokens - coalesce(cached_tokens, 0)) AS computed,
         output_tokens AS produced, error_type, (start_unix_ns + total_ns) // {width} AS ended
  FROM requests WHERE {ended}),
phases AS (
  SELECT 0 AS kind, b AS b, q AS d, 0 AS tokens FROM r
  UNION ALL SELECT 1, b + q, p, computed FROM r
  UNION ALL SELECT 2, b + q + p, d, produced FROM r),
pieces AS (
  SELECT kind, d, tokens, b, unnest(range(b // {width}, (b + d - 1) // {width} + 1)) AS second
  FROM phases WHERE d > 0),
shares AS (
  SELECT kind, second, d, tokens,
         least(b + d, (second + 1) * {width}) - greatest(b, second * {width}) AS ns FROM pieces)
SELECT second, 0 AS requests, 0 AS errors,
       coalesce(sum(ns) FILTER (kind = 0), 0) / 1e9 AS queue,
       coalesce(sum(ns) FILTER (kind = 1), 0) / 1e9 AS prefill,
       coalesce(sum(ns) FILTER (kind = 2), 0) / 1e9 AS decode,
       coalesce(sum(tokens * (ns / d)) FILTER (kind = 1), 0)::DOUBLE AS prefill_tokens,
       coalesce(sum(tokens * (ns / d)) FILTER (kind = 2), 0)::DOUBLE AS decode_tokens
FROM shares GROUP BY second
UNION ALL
SELECT ended, count(*), count(error_type), 0, 0, 0, 0, 0 FROM r GROUP BY ended)sql";

constexpr std::string_view kWindowRows = R"sql(
WITH r AS (
  SELECT (start_unix_ns + total_ns) // 1000000000 AS ended, ttft_ns / 1e6 AS ttft,
         CASE WHEN output_tokens > 1 AND decode_ns > 0 THEN decode_ns / 1e6 / (output_tokens - 1) END AS tpot,
         CASE WHEN cached_tokens IS NOT NULL THEN input_tokens END AS input, cached_tokens AS cached
  FROM requests WHERE {ended}))sql";

// A row counts in every window of `stride` whose last second is at most `window` - 1 after its own.
constexpr std::string_view kWindows = R"sql(,
w AS (SELECT unnest(range({last}, {first} - 1, -{stride})) AS second)
SELECT w.second AS second, quantile_cont(ttft, [0.5, 0.95, 0.99]) AS ttft,
       quantile_cont(tpot, [0.5, 0.95, 0.99]) AS tpot, sum(cached) / nullif(sum(input), 0) AS cache
FROM w JOIN r ON r.ended <= w.second AND r.ended > w.second - {window} GROUP BY w.second)sql";

// Steps of a draft model run inside those of the target, so counting both would count time twice.
constexpr std::string_view kStepSeconds = R"sql(
SELECT start_unix_ns // {width} AS second, count(*) AS count, sum(prefill_tokens)::DOUBLE AS prefill,
       sum(decode_tokens)::DOUBLE AS decode, avg(sequences) AS sequences,
       quantile_cont(coalesce(sync_ns, return_ns) / 1e6, 0.95) AS p95
FROM steps WHERE start_unix_ns >= {first} AND start_unix_ns < {end} AND context IS DISTINCT FROM 'draft'
GROUP BY ALL)sql";

constexpr std::string_view kNewestSteps = R"sql(
SELECT engine_id::VARCHAR AS engine, step::VARCHAR AS step, start_unix_ns / 1e6 AS start,
       coalesce(sync_ns, return_ns) / 1e6 AS ms, prefill_tokens AS prefill, decode_tokens AS decode, sequences
FROM steps WHERE start_unix_ns > {since} AND context IS DISTINCT FROM 'draft'
ORDER BY start_unix_ns DESC LIMIT {limit})sql";

// 64-bit ids are sent as text: they exceed what JavaScript's numbers hold.
constexpr std::string_view kTurns = R"sql(
SELECT m.engine_id::VARCHAR AS engine, m.turn::VARCHAR AS turn, m.slot AS slot, min(m.start_unix_ns) / 1e6 AS start,
       max(m.start_unix_ns + coalesce(s.sync_ns, s.return_ns)) / 1e6 AS "end",
       min(m.start_unix_ns) FILTER (m.decode_tokens > 0) / 1e6 AS decode_start,
       sum(m.prefill_tokens)::BIGINT AS prefill_tokens, sum(m.decode_tokens)::BIGINT AS decode_tokens,
       max(m.last_position) AS position, any_value(s.upstream) AS upstream,
       any_value(t.request_id) AS request_id, any_value(t.turn) IS NOT NULL AS over
FROM step_members m JOIN steps s ON s.engine_id = m.engine_id AND s.step = m.step
LEFT JOIN turns t ON t.engine_id = m.engine_id AND t.turn = m.turn
WHERE m.start_unix_ns >= {since} AND s.start_unix_ns >= {since} AND s.context IS DISTINCT FROM 'draft'
GROUP BY m.engine_id, m.turn, m.slot
ORDER BY max(m.start_unix_ns) DESC LIMIT {limit})sql";

// The same where windows lie side by side: no join, a tenth of the work.
constexpr std::string_view kAdjacentWindows = R"sql(
SELECT (ended // {window} + 1) * {window} - 1 AS second, quantile_cont(ttft, [0.5, 0.95, 0.99]) AS ttft,
       quantile_cont(tpot, [0.5, 0.95, 0.99]) AS tpot, sum(cached) / nullif(sum(input), 0) AS cache
FROM r GROUP BY second HAVING second >= {first})sql";

std::string ended_between(std::int64_t low_ns, std::int64_t high_ns) {
  return fmt::format(fmt::runtime(kEnded), low_ns, high_ns, kLongestRequest);
}

Result<nlohmann::json> rows_of(store::Reader& reader, const std::string& sql) {
  auto text = reader.query_text(sql, store::Format::json, kLiveLimits);
  if (!text) return std::unexpected(std::move(text.error()));
  nlohmann::json rows = nlohmann::json::parse(*text, nullptr, false);
  if (!rows.is_array())
    return fail(ErrorCode::internal,
                "the store answered a query of the live page with something else than rows");
  return rows;
}

// One line, as an event stream needs it: line ends in JSON can only be layout.
Result<std::string> text_of(store::Reader& reader, const std::string& sql) {
  auto text = reader.query_text(sql, store::Format::json, kLiveLimits);
  if (text) std::erase_if(*text, [](char c) { return c == '\n' || c == '\r'; });
  return text;
}

std::optional<double> number(const nlohmann::json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::int64_t integer(const nlohmann::json& value) {
  return value.is_number() ? value.get<std::int64_t>() : 0;
}

Quantiles quantiles(const nlohmann::json& list) {
  if (!list.is_array() || list.size() != 3) return {};
  return {number(list[0]), number(list[1]), number(list[2])};
}

}  // namespace

Result<std::vector<Contribution>> read_contributions(store::Reader& reader, UnixSecond first, UnixSecond last,
                                                     int step) {
  auto rows =
      rows_of(reader, fmt::format(fmt::runtime(kContributions), fmt::arg("width", step * kNsPerS),
                                  fmt::arg("ended", ended_between(first * kNsPerS, (last + 1) * kNsPerS))));
  if (!rows) return std::unexpected(std::move(rows.error()));
  std::vector<Contribution> contributions;
  contributions.reserve(rows->size());
  for (const nlohmann::json& row : *rows) {
    contributions.push_back({.time = integer(row["second"]) * step,
                             .requests = integer(row["requests"]),
                             .errors = integer(row["errors"]),
                             .queue_seconds = number(row["queue"]).value_or(0),
                             .prefill_seconds = number(row["prefill"]).value_or(0),
                             .decode_seconds = number(row["decode"]).value_or(0),
                             .prefill_tokens = number(row["prefill_tokens"]).value_or(0),
                             .decode_tokens = number(row["decode_tokens"]).value_or(0)});
  }
  return contributions;
}

Result<std::vector<WindowStatistics>> read_windows(store::Reader& reader, UnixSecond first, UnixSecond last,
                                                   int stride, int window) {
  const std::string ended = ended_between((first - window + 1) * kNsPerS, (last + 1) * kNsPerS);
  const bool adjacent = stride == window && (last + 1) % window == 0;
  auto rows = rows_of(reader, fmt::format(fmt::runtime(kWindowRows), fmt::arg("ended", ended)) +
                                  fmt::format(fmt::runtime(adjacent ? kAdjacentWindows : kWindows),
                                              fmt::arg("first", first), fmt::arg("last", last),
                                              fmt::arg("stride", stride), fmt::arg("window", window)));
  if (!rows) return std::unexpected(std::move(rows.error()));
  std::vector<WindowStatistics> windows;
  for (const nlohmann::json& row : *rows) {
    windows.push_back({.time = integer(row["second"]),
                       .ttft_ms = quantiles(row["ttft"]),
                       .time_per_output_token_ms = quantiles(row["tpot"]),
                       .cache_hit_ratio = number(row["cache"])});
  }
  return windows;
}

Result<std::vector<StepSecond>> read_step_seconds(store::Reader& reader, UnixSecond first, UnixSecond last,
                                                  int step) {
  auto rows =
      rows_of(reader, fmt::format(fmt::runtime(kStepSeconds), fmt::arg("width", step * kNsPerS),
                                  fmt::arg("first", first * kNsPerS), fmt::arg("end", (last + 1) * kNsPerS)));
  if (!rows) return std::unexpected(std::move(rows.error()));
  std::vector<StepSecond> seconds;
  seconds.reserve(rows->size());
  for (const nlohmann::json& row : *rows) {
    seconds.push_back({.time = integer(row["second"]) * step,
                       .steps = {.count = number(row["count"]).value_or(0),
                                 .prefill_tokens = number(row["prefill"]).value_or(0),
                                 .decode_tokens = number(row["decode"]).value_or(0),
                                 .sequences = number(row["sequences"]).value_or(0),
                                 .p95_ms = number(row["p95"]).value_or(0)}});
  }
  return seconds;
}

Result<FreshRows> read_newest_steps(store::Reader& reader, std::int64_t since_ns, std::int64_t fresh_ns,
                                    int limit) {
  auto rows = rows_of(
      reader, fmt::format(fmt::runtime(kNewestSteps), fmt::arg("since", since_ns), fmt::arg("limit", limit)));
  if (!rows) return std::unexpected(std::move(rows.error()));
  nlohmann::json all = nlohmann::json::array();
  nlohmann::json fresh = nlohmann::json::array();
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    const nlohmann::json step{(*row)["engine"],  (*row)["step"],   (*row)["start"],    (*row)["ms"],
                              (*row)["prefill"], (*row)["decode"], (*row)["sequences"]};
    if ((*row)["start"].get<double>() * 1e6 >= static_cast<double>(fresh_ns)) fresh.push_back(step);
    all.push_back(step);
  }
  return FreshRows{all.dump(), fresh.dump()};
}

Result<FreshRows> read_turns(store::Reader& reader, std::int64_t since_ns, std::int64_t fresh_ns, int limit) {
  auto rows = rows_of(
      reader, fmt::format(fmt::runtime(kTurns), fmt::arg("since", since_ns), fmt::arg("limit", limit)));
  if (!rows) return std::unexpected(std::move(rows.error()));
  nlohmann::json fresh = nlohmann::json::array();
  for (const nlohmann::json& row : *rows) {
    if (row["end"].get<double>() * 1e6 >= static_cast<double>(fresh_ns)) fresh.push_back(row);
  }
  const auto text = [](const nlohmann::json& json) {
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  return FreshRows{text(*rows), text(fresh)};
}

Result<std::string> read_newest_requests(store::Reader& reader, UnixSecond ended_after, int limit) {
  std::string where = "operation IS NOT NULL";
  std::string_view order = "start_unix_ns";  // without a bound the end would have to be computed of every row
  if (ended_after > 0) {
    order = "start_unix_ns + total_ns";
    where += fmt::format(" AND start_unix_ns >= {} AND start_unix_ns + total_ns >= {}",
                         ended_after * kNsPerS - kLongestRequest, ended_after * kNsPerS);
  }
  return text_of(reader, fmt::format("SELECT {} FROM requests WHERE {} ORDER BY {} DESC LIMIT {}",
                                     kRequestColumns, where, order, limit));
}

Result<std::string> read_newest_events(store::Reader& reader, UnixSecond after, int limit) {
  return text_of(reader, fmt::format("SELECT unix_ns, kind, severity, message, upstream FROM events "
                                     "WHERE unix_ns >= {} ORDER BY unix_ns DESC LIMIT {}",
                                     after * kNsPerS, limit));
}

Result<std::string> read_losses(store::Reader& reader) {
  return text_of(
      reader,
      "SELECT name, severity, description, count, run_count FROM losses WHERE count > 0 ORDER BY name");
}

}  // namespace llt::views
