#include "app/advice_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/units.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

double number(const Json& row, const char* name) { return row[name].is_null() ? 0 : row[name].get<double>(); }
bool known(const Json& row, std::initializer_list<const char*> names) {
  return std::ranges::none_of(names, [&](const char* name) { return row[name].is_null(); });
}
std::string ms(double value) { return format_duration(value * 1e6); }
std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }
std::string whole(double value) { return fmt::format("{:.0f}", value); }

// ---- prompts that make others' answers late: smaller batches ----

constexpr std::string_view kBatchSql = R"(
WITH s AS (
  SELECT sync_ns / 1e6 AS ms, prefill_tokens AS p, decode_tokens AS d FROM steps
  WHERE context = 'target' AND result = 0 AND sync_ns IS NOT NULL AND {window}),
a AS (
  SELECT sum(a.stalled_ns) / 1e6 AS stalled_ms, sum(r.decode_ns) / 1e6 AS decode_ms
  FROM (SELECT * FROM attribution WHERE {window}) a JOIN requests r USING (request_id, start_unix_ns)
  WHERE r.decode_ns > 0)
SELECT * REPLACE (CASE WHEN isfinite(token_ms) THEN token_ms END AS token_ms,
                  CASE WHEN isfinite(fixed_ms) THEN fixed_ms END AS fixed_ms)
FROM (
SELECT count(*) FILTER (WHERE p > 0 AND d > 0) AS mixed, median(ms) FILTER (WHERE p > 0 AND d > 0) AS mixed_ms,
       median(p) FILTER (WHERE p > 0 AND d > 0) AS mixed_tokens, median(ms) FILTER (WHERE p = 0) AS alone_ms,
       regr_slope(ms, p) FILTER (WHERE p > 0) AS token_ms, regr_intercept(ms, p) FILTER (WHERE p > 0) AS fixed_ms,
       any_value(a.stalled_ms) AS stalled_ms, any_value(a.decode_ms) AS decode_ms,
       (SELECT arg_max(batch_tokens, start_unix_ns) FROM engines) AS batch_tokens
FROM s, a))";

constexpr double kLeastMixed = 20, kLeastStalled = 0.15, kLeastSlowdown = 3, kLeastBatch = 32;

std::optional<Advice> judge_batch(const Json& row) {
  if (!known(row,
             {"mixed_ms", "mixed_tokens", "alone_ms", "token_ms", "fixed_ms", "stalled_ms", "decode_ms"}))
    return std::nullopt;
  const double mixed_ms = number(row, "mixed_ms"), alone_ms = number(row, "alone_ms");
  const double tokens = number(row, "mixed_tokens"), decode_ms = number(row, "decode_ms");
  const double share = decode_ms > 0 ? number(row, "stalled_ms") / decode_ms : 0;
  if (number(row, "mixed") < kLeastMixed || share < kLeastStalled || mixed_ms < kLeastSlowdown * alone_ms)
    return std::nullopt;
  // The largest batch whose step takes at most half of what it takes now.
  const double per_token = number(row, "token_ms"), fixed = std::max(0.0, number(row, "fixed_ms"));
  double batch = std::exp2(std::floor(std::log2(std::max(1.0, tokens))));
  while (batch >= kLeastBatch && fixed + per_token * batch > mixed_ms / 2) batch /= 2;
  if (per_token <= 0 || batch < kLeastBatch || batch >= tokens) return std::nullopt;
  const double predicted = fixed + per_token * batch;
  Advice advice;
  advice.topic = "batch_size";
  advice.what = fmt::format(
      "Others' prompts make answers late: {} of the time in which answers were generated.", percent(share));
  advice.action = fmt::format(
      "Start the engine with --batch-size {0} (and --ubatch-size {0}): a step with a part of a prompt in it "
      "would take "
      "about {1} instead of {2}; prompts are then read in more steps, each with its fixed cost.",
      whole(batch), ms(predicted), ms(mixed_ms));
  advice.evidence = fmt::format(
      "{} steps held prompts beside answers: half of them {} prompt tokens and {} or more, beside {} without "
      "a prompt; "
      "{} a prompt token and {} a step were measured{}",
      whole(number(row, "mixed")), whole(tokens), ms(mixed_ms), ms(alone_ms), ms(per_token), ms(fixed),
      row["batch_tokens"].is_null() ? "" : fmt::format("; --batch-size is {}", row["batch_tokens"].dump()));
  advice.numbers = row;
  advice.numbers["suggested_batch_tokens"] = batch;
  advice.numbers["predicted_step_ms"] = predicted;
  return advice;
}

// ---- requests that wait for a slot: more slots ----

constexpr std::string_view kSlotsSql = R"(
WITH n AS (SELECT coalesce((SELECT arg_max(sequences, start_unix_ns) FROM engines),
                           (SELECT max(slot) + 1 FROM step_members)) AS slots),
d AS (
  SELECT sync_ns / 1e6 AS ms, sequences FROM steps
  WHERE context = 'target' AND result = 0 AND sync_ns IS NOT NULL AND prefill_tokens = 0 AND {window}),
a AS (SELECT * FROM attribution WHERE {window})
SELECT (SELECT slots FROM n) AS slots, (SELECT count(*) FROM a) AS requests,
       (SELECT count(*) FILTER (WHERE queue_ns > 1e8) FROM a) AS waited,
       (SELECT sum(queue_ns) / nullif(sum(upstream_ns), 0)::DOUBLE FROM a) AS queue_share,
       (SELECT quantile_cont(queue_ns, 0.9) / 1e6 FROM a) AS queue_p90_ms,
       (SELECT count(*) FILTER (WHERE sequences = (SELECT slots FROM n)) / nullif(count(*), 0)::DOUBLE FROM d) AS full_share,
       (SELECT median(ms) FROM d WHERE sequences = (SELECT slots FROM n)) AS full_ms,
       (SELECT CASE WHEN isfinite(v) THEN v END FROM (SELECT regr_slope(ms, sequences) AS v FROM d)) AS sequence_ms)";

constexpr double kLeastWaited = 5, kLeastQueueShare = 0.2, kLeastFull = 0.2, kMostGrowth = 1.6;

std::optional<Advice> judge_slots(const Json& row) {
  if (!known(row, {"slots", "queue_share", "full_share", "full_ms", "sequence_ms"})) return std::nullopt;
  const double slots = number(row, "slots"), full_ms = number(row, "full_ms");
  if (number(row, "waited") < kLeastWaited || number(row, "queue_share") < kLeastQueueShare ||
      number(row, "full_share") < kLeastFull)
    return std::nullopt;
  // Twice the slots must give more than they cost each answer; where a step takes in proportion they do not.
  const double predicted = full_ms + std::max(0.0, number(row, "sequence_ms")) * slots;
  if (predicted > kMostGrowth * full_ms) return std::nullopt;
  Advice advice;
  advice.topic = "slots";
  advice.what = fmt::format("Requests wait for a free slot: {} of their time in the engine.",
                            percent(number(row, "queue_share")));
  advice.action = fmt::format(
      "Start the engine with --parallel {} (now {}), and --ctx-size raised with it where each slot has its "
      "own part: a "
      "generating step would take about {} instead of {}, for twice as many answers.",
      whole(slots * 2), whole(slots), ms(predicted), ms(full_ms));
  advice.evidence = fmt::format(
      "{} of {} requests waited longer than 100 ms, a tenth longer than {}; in {} of the generating steps "
      "all {} slots "
      "were in use; another sequence adds {} to a step",
      whole(number(row, "waited")), whole(number(row, "requests")), ms(number(row, "queue_p90_ms")),
      percent(number(row, "full_share")), whole(slots), ms(std::max(0.0, number(row, "sequence_ms"))));
  advice.numbers = row;
  advice.numbers["suggested_slots"] = slots * 2;
  advice.numbers["predicted_step_ms"] = predicted;
  return advice;
}

// ---- answers that end for want of room: a larger context ----

constexpr std::string_view kContextSql = R"(
WITH e AS (SELECT arg_max(context_tokens, start_unix_ns) AS context_tokens, arg_max(sequences, start_unix_ns) AS sequences
           FROM engines),
r AS (SELECT *, TRY_CAST(regexp_extract(error_message, 'request \(([0-9]+) tokens\)', 1) AS BIGINT) AS refused_tokens
      FROM requests WHERE operation IS NOT NULL AND {window})
SELECT any_value(e.context_tokens) AS context_tokens, any_value(e.sequences) AS slots,
       count(*) FILTER (WHERE finish_reason = 'length' AND output_tokens < max_tokens) AS cut_short,
       count(*) FILTER (WHERE http_status = 400 AND error_message ILIKE '%context size%') AS refused,
       max(input_tokens + output_tokens) FILTER (WHERE finish_reason = 'length' AND output_tokens < max_tokens) AS longest,
       max(coalesce(input_tokens + greatest(max_tokens, 0), refused_tokens + greatest(max_tokens, 0), refused_tokens)) AS wanted,
       (SELECT count(*) FROM steps WHERE result = 1 AND {window}) AS full_steps,
       (SELECT max(kv_tokens) FROM steps WHERE {window}) AS kv_peak
FROM r, e)";

std::optional<Advice> judge_context(const Json& row) {
  const double cut = number(row, "cut_short"), refused = number(row, "refused"),
               full = number(row, "full_steps");
  if (cut + refused + full == 0) return std::nullopt;
  Advice advice;
  advice.topic = "context";
  advice.what = "The context is too small for what is asked of it.";
  advice.action = row["wanted"].is_null()
                      ? "Start the engine with a larger --ctx-size."
                      : fmt::format(
                            "Start the engine with a larger --ctx-size: the longest prompt with the answer "
                            "asked for needs {} positions in its slot.",
                            row["wanted"].dump());
  const auto times = [](double count, std::string_view noun) {
    return counted(static_cast<std::int64_t>(count), noun);
  };
  advice.evidence = fmt::format(
      "{} ended before the limit asked for, {} refused for length, {} without room in the cache{}{}",
      times(cut, "answer"), times(refused, "request"), times(full, "step"),
      row["context_tokens"].is_null()
          ? ""
          : fmt::format("; the context has {} positions", row["context_tokens"].dump()),
      row["slots"].is_null() ? "" : " for " + times(number(row, "slots"), "slot"));
  advice.numbers = row;
  return advice;
}

// ---- prompts computed again: reuse ----

constexpr std::string_view kReuseSql = R"(
SELECT count(*) AS prompts, sum(prompt_tokens - cached_tokens)::BIGINT AS computed_tokens,
       sum(recomputed_tokens)::BIGINT AS recomputed_tokens, sum(recomputed_held_tokens)::BIGINT AS held_tokens,
       sum(recomputed_ns) / 1e6 AS recomputed_ms,
       (SELECT count(*) FROM state_copies WHERE operation = 'save' AND {window}) AS saves,
       (SELECT arg_max(sequences, start_unix_ns) FROM engines) AS slots
FROM prompt_reuse WHERE {window})";

constexpr double kLeastRecomputedShare = 0.1, kLeastRecomputed = 1000;

std::optional<Advice> judge_reuse(const Json& row) {
  const double again = number(row, "recomputed_tokens"), computed = number(row, "computed_tokens");
  if (again < kLeastRecomputed || again < kLeastRecomputedShare * computed) return std::nullopt;
  const double held = number(row, "held_tokens");
  Advice advice;
  advice.topic = "cache_reuse";
  advice.what =
      fmt::format("Prompts are read again that the engine had read before: {} of all prompt tokens computed.",
                  percent(again / computed));
  if (held >= again / 2) {
    advice.action =
        "Most of it was in another slot's cache: send a conversation to the slot it was in (id_slot in the "
        "request), or "
        "lower --slot-prompt-similarity, so that the engine prefers the slot that holds the beginning.";
  } else {
    advice.action =
        number(row, "saves") == 0
            ? "Most of it had been overwritten: give the engine more slots (--parallel), or let it keep what "
              "idle slots hold in memory (--cache-ram), and check that clients do not send "
              "cache_prompt false."
            : "Most of it had been overwritten although slots are copied to memory: give the engine more "
              "slots (--parallel), and check that clients do not send "
              "cache_prompt false.";
  }
  advice.evidence = fmt::format(
      "{} of {} computed prompt tokens had been computed before, {} of work; {} of them were held by another "
      "slot, {} by "
      "none any more",
      whole(again), whole(computed), ms(number(row, "recomputed_ms")), whole(held), whole(again - held));
  advice.numbers = row;
  return advice;
}

// ---- copies of idle slots that cost more than they give ----

constexpr std::string_view kCacheRamSql = R"(
WITH c AS (SELECT * FROM state_copies WHERE {window}),
b AS (
  SELECT sum(cached) AS tokens FROM (
    SELECT arg_min(t.cached_tokens, t.start_unix_ns) AS cached FROM c
    JOIN turns t ON t.engine_id = c.engine_id AND t.slot = c.slot AND t.start_unix_ns >= c.start_unix_ns
    WHERE c.operation = 'load' GROUP BY c.engine_id, c.slot, c.start_unix_ns)),
p AS (SELECT sum(share_ns) / nullif(sum(prefill_tokens), 0)::DOUBLE / 1e6 AS token_ms FROM step_members
      WHERE prefill_tokens > 0 AND {window})
SELECT count(*) FILTER (WHERE operation = 'save') AS saves, count(*) FILTER (WHERE operation = 'load') AS loads,
       coalesce(sum(duration_ns) FILTER (WHERE operation = 'save'), 0) / 1e6 AS save_ms,
       coalesce(sum(duration_ns) FILTER (WHERE operation = 'load'), 0) / 1e6 AS load_ms,
       max(duration_ns) / 1e6 AS longest_ms, avg(bytes) AS bytes,
       coalesce((SELECT tokens FROM b), 0)::BIGINT AS regained_tokens,
       coalesce((SELECT tokens FROM b), 0) * coalesce((SELECT token_ms FROM p), 0) AS regained_ms
FROM c)";

constexpr double kLeastSaves = 3, kLeastSaveMs = 10;

std::optional<Advice> judge_cache_ram(const Json& row) {
  const double saves = number(row, "saves"), cost = number(row, "save_ms") + number(row, "load_ms");
  if (saves < kLeastSaves || number(row, "save_ms") < kLeastSaveMs * saves ||
      cost <= number(row, "regained_ms"))
    return std::nullopt;
  Advice advice;
  advice.topic = "cache_ram";
  advice.what = fmt::format(
      "Copying idle slots to memory holds everybody up: {} so far, more than it gave back.", ms(cost));
  advice.action =
      "Start the engine with --cache-ram 0: it then copies nothing before it reads the next prompt.";
  advice.evidence = fmt::format(
      "{} copies of {} on average took {} each, {} at most, before a prompt was read; {} came back and saved "
      "{} prompt "
      "tokens, about {} of work",
      whole(saves), format_size(static_cast<std::uint64_t>(number(row, "bytes"))),
      ms(number(row, "save_ms") / saves), ms(number(row, "longest_ms")), whole(number(row, "loads")),
      whole(number(row, "regained_tokens")), ms(number(row, "regained_ms")));
  advice.numbers = row;
  return advice;
}

constexpr std::array kRules = {
    AdviceRule{"batch_size", kBatchSql, judge_batch},       AdviceRule{"slots", kSlotsSql, judge_slots},
    AdviceRule{"context", kContextSql, judge_context},      AdviceRule{"cache_reuse", kReuseSql, judge_reuse},
    AdviceRule{"cache_ram", kCacheRamSql, judge_cache_ram},
};

}  // namespace

std::span<const AdviceRule> advice_rules() { return kRules; }

Advice sickness_advice(const Json& row) {
  const auto text = [&](const char* name) {
    return row[name].is_string() ? row[name].get<std::string>() : std::string();
  };
  const std::string message = text("message"), kind = text("kind");
  const std::size_t split = message.rfind("; ");
  Advice advice;
  advice.topic = kind.substr(kind.find('.') + 1);
  advice.what = "The engine is not well: " + message.substr(0, split) + ".";
  if (split != std::string::npos) advice.action = message.substr(split + 2);
  const auto times = row["times"].get<std::int64_t>();
  advice.evidence = fmt::format("event {}, {} time{}", kind, times, times == 1 ? "" : "s");
  advice.numbers = Json::parse(text("numbers"), nullptr, false);
  if (!advice.numbers.is_object()) advice.numbers = Json::object();
  advice.numbers["last_unix_ns"] = row["last_unix_ns"];
  return advice;
}

}  // namespace llt::app
