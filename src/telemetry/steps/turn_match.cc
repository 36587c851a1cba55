#include "telemetry/steps/turn_match.h"

#include <algorithm>

namespace llt::telemetry {
namespace {

constexpr SteadyNs kLongestCancelNs = 1'500'000'000;

bool completed(const RequestRecord& record) noexcept {
  return record.error_type.empty() && record.http_status == 200 && record.upstream_done != 0;
}

/// What a request's answer says about the turn that computed it.
struct Known {
  SteadyNs from = 0, to = 0;
  bool complete = false;
  std::optional<std::int64_t> slot, cached, prompt, generated;
  std::optional<std::int64_t> prompt_at_most;
};

Known known_of(const RequestRecord& record) {
  Known known;
  // The engine may begin before our thread, put aside, has noted that it handed the request over.
  known.from = std::min(record.received, record.handed_over);
  known.to = record.upstream_done != 0 ? record.upstream_done : record.finished;
  known.complete = completed(record);
  const ResponseFacts& response = record.response;
  known.slot = response.slot;
  known.cached = response.cached_tokens;
  if (response.timings) {
    known.cached = response.timings->cache_n;
    known.prompt = response.timings->prompt_n;
    // The last token is not computed again. What was drafted and rejected was computed too.
    const EngineTimings& timings = *response.timings;
    const std::int64_t rejected = timings.draft_n.value_or(0) - timings.draft_n_accepted.value_or(0);
    if (known.complete) known.generated = std::max<std::int64_t>(0, timings.predicted_n - 1 + rejected);
  } else if (response.progress_total && response.progress_cached) {
    known.cached = response.progress_cached;
    known.prompt_at_most = *response.progress_total - *response.progress_cached;
  }
  if (record.operation == Operation::embeddings || record.operation == Operation::rerank) {
    known.cached = 0;
    known.prompt = response.input_tokens;
    known.generated = 0;
  }
  return known;
}

template <class A, class B>
bool contradicts(const std::optional<A>& known, B value) {
  return known && static_cast<std::int64_t>(*known) != static_cast<std::int64_t>(value);
}

bool in_time(const Known& known, const Turn& turn) {
  if (turn.claimed || turn.steps == 0 || turn.start < known.from || turn.start > known.to) return false;
  if (known.complete) return turn.end <= known.to;
  // llama-server notices within a second that nobody waits for an answer any more.
  return turn.end <= known.to + kLongestCancelNs;
}

bool agrees(const Known& known, const Turn& turn) {
  if (!in_time(known, turn) || contradicts(known.slot, turn.slot)) return false;
  if (turn.copied_from) return false;  // found through the one it was copied from
  if (turn.cached_tokens && contradicts(known.cached, *turn.cached_tokens)) return false;
  if (contradicts(known.prompt, turn.prefill_tokens) || contradicts(known.generated, turn.decode_tokens))
    return false;
  return !known.prompt_at_most || static_cast<std::int64_t>(turn.prefill_tokens) <= *known.prompt_at_most;
}

// Inputs of one request, each with a turn of its own: all turns of its time, when their tokens are its
// tokens.
std::optional<Match> match_inputs(const Known& known, std::deque<Turn>& turns) {
  Match match{{}, MatchRule::only_candidate};
  std::int64_t tokens = 0;
  for (Turn& turn : turns) {
    if (!in_time(known, turn) || turn.decode_tokens > 0) continue;
    match.turns.push_back(&turn);
    tokens += static_cast<std::int64_t>(turn.prefill_tokens);
  }
  if (match.turns.size() < 2 || tokens != known.prompt) return std::nullopt;
  return match;
}

void add_copies(Match& match, std::deque<Turn>& turns) {
  const std::uint64_t first = match.turns.front()->number;
  for (Turn& turn : turns) {
    if (!turn.claimed && turn.steps > 0 && turn.copied_from == first) match.turns.push_back(&turn);
  }
}

}  // namespace

const char* to_string(MatchRule rule) noexcept { return rule == MatchRule::slot ? "slot" : "only_candidate"; }

bool has_turns(const RequestRecord& record) noexcept {
  if (record.operation == Operation::none || record.handed_over == 0) return false;
  return completed(record) || (record.slot_start != 0 && record.response.progress_total);
}

bool is_ended(const RequestRecord& record) noexcept { return completed(record); }

std::optional<Match> match_turns(const RequestRecord& record, std::deque<Turn>& turns) {
  if (!has_turns(record)) return std::nullopt;
  Known known = known_of(record);
  const bool choices = record.request.choice_count.value_or(1) > 1;
  if (choices) {  // the counts are of one of them, or of all
    known.generated.reset();
    known.slot.reset();
  }
  Match match{{}, known.slot ? MatchRule::slot : MatchRule::only_candidate};
  for (Turn& turn : turns) {
    if (agrees(known, turn)) match.turns.push_back(&turn);
  }
  if (match.turns.empty() && known.generated == 0) return match_inputs(known, turns);
  if (match.turns.size() != 1) return std::nullopt;
  if (choices) add_copies(match, turns);
  return match;
}

}  // namespace llt::telemetry
