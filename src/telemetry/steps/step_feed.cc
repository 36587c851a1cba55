#include "telemetry/steps/step_feed.h"

#include <algorithm>
#include <utility>

#include "base/losses.h"
#include "store/store.h"
#include "telemetry/steps/attribution.h"
#include "telemetry/steps/engine_health.h"
#include "telemetry/steps/turn_match.h"

namespace llt::telemetry {
namespace {

// A step whose results nobody waited for within this time is given on without.
constexpr SteadyNs kLongestSyncNs = 50'000'000;
// A turn without a step for this long is over: a prompt that was cancelled, an answer that nobody continued.
constexpr SteadyNs kIdleTurnNs = 10'000'000'000;
// A turn that ended is nobody's of ours when no request has been on its way for this long ...
constexpr SteadyNs kQuietNs = 6'000'000'000;
// ... or when this much time has passed.
constexpr SteadyNs kLongestUnclaimedNs = 600'000'000'000;
// A request that was left is looked at when its last step is over and those beside it have found their turns.
constexpr SteadyNs kCancelledNs = 2'500'000'000;
// A request whose turn is not told from others yet is tried again this long, and so are at most so many at
// once.
constexpr SteadyNs kLongestRetryNs = 5'000'000'000;
constexpr std::size_t kMostUnmatched = 1024;

const char* to_string(StepContext context) { return context == StepContext::target ? "target" : "draft"; }
const char* to_string(StepOperation operation) {
  return operation == StepOperation::decode ? "decode" : "encode";
}

store::StepMemberRow to_row(std::uint64_t engine, const Step& step, UnixNs start, const CostedMember& in) {
  store::StepMemberRow row;
  row.engine_id = engine;
  row.step = step.number;
  row.turn = in.turn;
  row.start_unix_ns = start;
  row.slot = in.member.slot;
  row.prefill_tokens = in.prefill_tokens;
  row.decode_tokens = in.decode_tokens;
  if (step.outputs) row.outputs = in.member.outputs;
  row.first_position = in.member.first_position;
  row.last_position = in.member.last_position;
  row.share_ns = in.share_ns;
  return row;
}

store::StepRow to_row(std::uint64_t engine, UnixNs start, const CostedStep& costed) {
  const Step& step = costed.step;
  store::StepRow row;
  row.engine_id = engine;
  row.step = step.number;
  row.start_unix_ns = start;
  row.return_ns = step.finish - step.start;
  if (step.synced) row.sync_ns = *step.synced - step.start;
  row.gap_ns = costed.gap_ns;
  row.context = to_string(step.context);
  row.operation = to_string(step.operation);
  row.sequences = static_cast<std::uint32_t>(step.members.size());
  row.tokens = step.tokens;
  row.prefill_tokens = costed.prefill_tokens;
  row.decode_tokens = costed.decode_tokens;
  row.outputs = step.outputs;
  row.kv_tokens = step.kv_tokens;
  row.result = step.result;
  row.predicted_ns = costed.predicted_ns;
  return row;
}

std::optional<std::string> known(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

struct StepFeed::Engine {
  Engine(StepFeed& feed, const ProbedEngine& probed)
      : id(probed.id),
        pid(probed.pid),
        tracker(
            [this, &feed](const CostedStep& step) { feed.store_step(*this, step); },
            {.on_copy = [this, &feed](const StateCopy& copy) { feed.store_copy(*this, copy); },
             .on_context = [this, &feed](const EngineContext& made) { feed.store_context(*this, made); }}),
        assembler(tracker) {}

  const std::uint64_t id;
  const std::int64_t pid;
  std::string upstream;
  WallAnchor anchor;
  TurnTracker tracker;
  StepAssembler assembler;
  EngineHealth health;
  std::set<std::uint64_t> last_turns;  ///< who was in the last step
  bool gone = false;
};

StepFeed::StepFeed(Options options, store::Store& store)
    : options_(std::move(options)),
      store_(store),
      rings_(options_.folder,
             {.on_found = [this](const ProbedEngine& probed) { engine(probed); },
              .on_group =
                  [this](const ProbedEngine& probed, std::span<const llt_probe_record> group) {
                    if (!engine(probed).assembler.take(group)) count_loss(Loss::probe_records_invalid);
                  },
              .on_gone = [this](const ProbedEngine& probed) { engine(probed).gone = true; }}) {}

StepFeed::~StepFeed() {
  rings_.poll(now_steady(), true);  // an engine that we have just stopped
  retry(now_steady() + kLongestRetryNs);
  for (const auto& [id, engine] : engines_) {
    for (const Turn& turn : engine->tracker.turns()) {
      if (turn.steps > 0) store_turn(*engine, turn);
    }
  }
}

StepFeed::Engine& StepFeed::engine(const ProbedEngine& probed) {
  auto& engine = engines_[probed.id];
  if (engine == nullptr) engine = std::make_unique<Engine>(*this, probed);
  return *engine;
}

void StepFeed::poll(SteadyNs now) {
  rings_.poll(now);
  if (options_.in_flight() > 0) {
    idle_since_ = 0;
  } else if (idle_since_ == 0) {
    idle_since_ = now;
  }
  for (auto at = engines_.begin(); at != engines_.end();) {
    Engine& engine = *at->second;
    if (!engine.gone) engine.upstream = options_.upstream_of(engine.pid);
    engine.assembler.flush(engine.gone ? now : now - kLongestSyncNs);
    engine.tracker.close_idle(engine.gone ? now + 1 : now - kIdleTurnNs);
    resolve(engine, now);
    at = engine.gone && engine.tracker.turns().empty() ? engines_.erase(at) : std::next(at);
  }
  announce();
  retry(now);
}

// A restarted engine may be seen before the end of the one before it.
void StepFeed::announce() {
  std::set<std::string> probed;
  for (const auto& [id, engine] : engines_) {
    if (!engine->gone && !engine->upstream.empty()) probed.insert(engine->upstream);
  }
  for (const std::string& name : probed) {
    if (!probed_.contains(name)) options_.on_probed(name, true);
  }
  for (const std::string& name : probed_) {
    if (!probed.contains(name)) options_.on_probed(name, false);
  }
  probed_ = std::move(probed);
}

// Turns that are over and belong to a request, or to none of ours, are written and forgotten.
void StepFeed::resolve(Engine& engine, SteadyNs now) {
  const auto final = [&](const Turn& turn) {
    if (!turn.closed) return false;
    if (turn.claimed || turn.steps == 0) return true;
    const bool quiet = idle_since_ != 0 && now - std::max(idle_since_, turn.end) > kQuietNs;
    return quiet || now - turn.end > kLongestUnclaimedNs;
  };
  auto& turns = engine.tracker.turns();
  for (const Turn& turn : turns) {
    if (final(turn) && turn.steps > 0) store_turn(engine, turn);
  }
  std::erase_if(turns, final);
}

void StepFeed::store_step(Engine& engine, const CostedStep& costed) {
  const UnixNs start = engine.anchor.to_unix(costed.step.start);
  store::StepRow row = to_row(engine.id, start, costed);
  row.upstream = known(engine.upstream);
  store_.append(std::move(row));
  for (const CostedMember& member : costed.members) {
    store_.append(to_row(engine.id, costed.step, start, member));
  }
  if (costed.step.context == StepContext::target) examine(engine, costed);
}

void StepFeed::examine(Engine& engine, const CostedStep& costed) {
  const Step& step = costed.step;
  bool goes_on = false;
  std::set<std::uint64_t> turns;
  for (const CostedMember& member : costed.members) {
    goes_on = goes_on || engine.last_turns.contains(member.turn);
    if (member.turn != 0) turns.insert(member.turn);
  }
  engine.last_turns = std::move(turns);
  if (!step.synced || step.result != 0) return;
  const StepSample sample{step.end(),
                          step.tokens,
                          static_cast<std::uint32_t>(step.members.size()),
                          costed.prefill_tokens > 0,
                          step.end() - step.start,
                          goes_on ? costed.gap_ns : std::nullopt};
  for (const Sickness& sickness : engine.health.take(sample)) {
    store::EventRow event;
    event.unix_ns = engine.anchor.to_unix(step.end());
    event.kind = sickness.kind;
    event.severity = "warning";
    event.message = sickness.message;
    event.attributes = sickness.attributes;
    event.upstream = known(engine.upstream);
    event.pid = engine.pid;
    store_.append(std::move(event));
  }
}

void StepFeed::store_turn(const Engine& engine, const Turn& turn) {
  store::TurnRow row;
  row.engine_id = engine.id;
  row.turn = turn.number;
  row.upstream = known(engine.upstream);
  row.request_id = known(turn.request_id);
  row.start_unix_ns = engine.anchor.to_unix(turn.start);
  row.duration_ns = turn.end - turn.start;
  row.slot = turn.slot;
  row.copied_from = turn.copied_from;
  row.cached_tokens = turn.cached_tokens;
  row.steps = turn.steps;
  row.prefill_tokens = turn.prefill_tokens;
  row.decode_tokens = turn.decode_tokens;
  row.draft_tokens = turn.draft_tokens;
  row.own_ns = turn.own_ns;
  store_.append(std::move(row));
  if (turn.prefix && turn.reads_cache) store_reuse(engine, turn);
  for (const Delay& delay : turn.delays) {
    store::InterferenceRow pair;
    pair.engine_id = engine.id;
    pair.turn = turn.number;
    pair.by_turn = delay.by_turn;
    pair.start_unix_ns = engine.anchor.to_unix(delay.first);
    pair.steps = delay.steps;
    pair.prefill_ns = delay.prefill;
    pair.decode_ns = delay.decode;
    store_.append(std::move(pair));
  }
}

void StepFeed::store_reuse(const Engine& engine, const Turn& turn) {
  store::PromptReuseRow row;
  row.engine_id = engine.id;
  row.turn = turn.number;
  row.request_id = known(turn.request_id);
  row.start_unix_ns = engine.anchor.to_unix(turn.start);
  row.cached_tokens = turn.prefix->cached;
  row.prompt_tokens = turn.prefix->cached + turn.prefill_tokens;
  row.reusable_tokens = std::min(turn.prefix->reusable, row.prompt_tokens);
  const PromptReuse reuse = reuse_of(*turn.prefix, row.prompt_tokens);
  row.recomputed_tokens = reuse.recomputed;
  row.recomputed_held_tokens = reuse.recomputed_held;
  if (turn.prefill_tokens > 0) {
    row.recomputed_ns = static_cast<std::int64_t>(static_cast<double>(turn.own_prefill_ns) *
                                                  static_cast<double>(reuse.recomputed) /
                                                  static_cast<double>(turn.prefill_tokens));
  }
  row.shares_with_turn = turn.prefix->shares_with;
  row.shared_tokens = turn.prefix->shares_with ? row.reusable_tokens : 0;
  if (reuse.hashes_known) row.block_hashes = turn.prefix->hashes;
  store_.append(std::move(row));
}

void StepFeed::store_copy(const Engine& engine, const StateCopy& copy) {
  store::StateCopyRow row;
  row.engine_id = engine.id;
  row.upstream = known(engine.upstream);
  row.start_unix_ns = engine.anchor.to_unix(copy.start);
  row.duration_ns = copy.took_ns;
  row.operation = copy.is_load ? "load" : "save";
  row.slot = copy.slot;
  row.bytes = copy.bytes;
  store_.append(std::move(row));
}

void StepFeed::store_context(const Engine& engine, const EngineContext& context) {
  store::EngineRow row;
  row.engine_id = engine.id;
  row.upstream = known(engine.upstream);
  row.start_unix_ns = engine.anchor.to_unix(context.made);
  row.pid = engine.pid;
  row.context_tokens = context.context_tokens;
  row.batch_tokens = context.batch_tokens;
  row.ubatch_tokens = context.ubatch_tokens;
  row.sequences = context.sequences;
  store_.append(std::move(row));
}

void StepFeed::attribute_request(RequestRecord& record, const PhaseBreakdown& phases) {
  if (!has_turns(record)) return;
  const SteadyNs now = now_steady();
  rings_.poll(now);  // the engine wrote its steps before it answered
  if (is_ended(record) && try_to_match(record, phases) != Outcome::unmatched) return;
  if (unmatched_.size() >= kMostUnmatched) {
    count_loss(Loss::probe_requests_unmatched);
    return;
  }
  RequestRecord kept = record;
  kept.captured_request.clear();
  kept.captured_response.clear();
  unmatched_.push_back({std::move(kept), phases, now});
}

// What others have claimed since may leave one turn for a request that fitted several.
void StepFeed::retry(SteadyNs now) {
  std::erase_if(unmatched_, [&](Unmatched& waiting) {
    if (!is_ended(waiting.record) && now - waiting.since < kCancelledNs) return false;
    const Outcome outcome = try_to_match(waiting.record, waiting.phases);
    if (outcome == Outcome::unmatched && now - waiting.since < kLongestRetryNs) return false;
    if (outcome == Outcome::unmatched) count_loss(Loss::probe_requests_unmatched);
    return true;
  });
}

StepFeed::Outcome StepFeed::try_to_match(RequestRecord& record, const PhaseBreakdown& phases) {
  Outcome outcome = Outcome::not_probed;
  for (const auto& [id, engine] : engines_) {
    if (engine->upstream.empty() || engine->upstream != record.upstream) continue;
    outcome = Outcome::unmatched;
    const auto match = match_turns(record, engine->tracker.turns());
    if (!match) continue;
    if (!record.response.slot) record.response.slot = match->turns.front()->slot;
    claim(*engine, record, phases, *match);
    return Outcome::matched;
  }
  return outcome;
}

void StepFeed::claim(Engine& engine, const RequestRecord& record, const PhaseBreakdown& phases,
                     const Match& match) {
  const Attribution at = attribute(record, phases, match.turns);
  for (Turn* turn : match.turns) {
    turn->claimed = true;
    turn->request_id = record.request_id;
    turn->reads_cache = record.operation != Operation::embeddings && record.operation != Operation::rerank;
    turn->closed = true;
  }
  store::AttributionRow row;
  row.request_id = record.request_id;
  row.start_unix_ns = record.anchor.to_unix(record.first_byte);
  row.engine_id = engine.id;
  row.slot = match.turns.front()->slot;
  row.turns = static_cast<std::uint32_t>(match.turns.size());
  row.rule = to_string(match.rule);
  row.upstream_ns = at.upstream;
  row.queue_ns = at.queue;
  row.own_prefill_ns = at.own_prefill;
  row.own_decode_ns = at.own_decode;
  row.others_prefill_ns = at.others_prefill;
  row.others_decode_ns = at.others_decode;
  row.engine_gap_ns = at.engine_gap;
  row.stalled_ns = at.stalled;
  store_.append(std::move(row));
}

}  // namespace llt::telemetry
