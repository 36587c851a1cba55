#include "telemetry/steps/turn_tracker.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace llt::telemetry {
namespace {

// A turn of very many steps keeps its older ones two by two: their sums stay, their places get coarser.
constexpr std::size_t kMostSlices = 16'384;
constexpr std::size_t kMostPending = 4'096;

void halve(std::vector<TurnSlice>& slices) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i + 1 < slices.size(); i += 2, ++kept) {
    TurnSlice both = slices[i];
    const TurnSlice& next = slices[i + 1];
    // The gap between the two would become a part of a step: each keeps its length, at the place of the
    // first.
    both.end = both.end + (next.end - next.start);
    both.own_prefill += next.own_prefill;
    both.own_decode += next.own_decode;
    both.others_prefill += next.others_prefill;
    both.others_decode += next.others_decode;
    slices[kept] = both;
  }
  if (slices.size() % 2 == 1) slices[kept++] = slices.back();
  slices.resize(kept);
}

void add_delay(std::vector<Delay>& delays, const Delay& more) {
  const auto known = std::ranges::find(delays, more.by_turn, &Delay::by_turn);
  if (known == delays.end()) {
    delays.push_back(more);
    return;
  }
  known->steps += more.steps;
  known->prefill += more.prefill;
  known->decode += more.decode;
}

// What was pending belongs to the turn after all: it goes on.
void settle_pending(Turn& turn) {
  turn.slices.insert(turn.slices.end(), turn.pending.begin(), turn.pending.end());
  turn.pending.clear();
  for (const Delay& delay : turn.pending_delays) add_delay(turn.delays, delay);
  turn.pending_delays.clear();
}

// Positions that `tokens` tokens up to `last` attend to, all together.
double attended(const StepMember& member) {
  if (!member.last_position) return 0;
  const double tokens = member.tokens;
  return std::max(tokens, tokens * (*member.last_position + 1.0) - tokens * (tokens - 1) / 2);
}

StepLoad load_of(const CostedMember& member) {
  return {member.prefill_tokens, member.decode_tokens, attended(member.member)};
}

}  // namespace

// ---- where turns begin and end ----

void TurnTracker::on_change(const CacheChange& change) {
  switch (change.kind) {
    case CacheChange::Kind::remove:
      prefixes_.cut(change.slot, static_cast<std::uint64_t>(std::max(0, change.from)));
      return on_remove(change);
    case CacheChange::Kind::copy:
      return on_copy(change);
    case CacheChange::Kind::clear:
      prefixes_.cut(-1, 0);
      for (auto& [number, slot] : slots_) close(slot);
      return;
  }
}

void TurnTracker::on_blocks(const BlockHashes& blocks) {
  prefixes_.set_told();
  add_blocks(prefixes_, nullptr, blocks, 0, last_record_, 0);
}

// llama-server cuts a slot's cache to what a new prompt can use of it, before each part of a prompt that it
// computes; to what was accepted of a draft, after each check of one; and to nothing, when it clears a slot.
// A removal in the middle makes room in a full context.
void TurnTracker::on_remove(const CacheChange& change) {
  if (change.to >= 0 || change.slot < 0) return;
  Slot& slot = slots_[change.slot];
  if (change.from < 0) return close(slot);
  Turn* turn = find(slot.turn);
  if (turn == nullptr || turn->closed) return;
  const std::int64_t next = std::int64_t{slot.last_position.value_or(-1)} + 1;
  if (!turn->prompt_read && change.from == next) return;  // the next part of the same prompt
  slot.expect_prompt = true;
  slot.doubtful = turn->prompt_read;
  slot.cut_at = change.from;
}

// Further choices of a request: their slots begin with a copy of the first one's cache, and go on generating.
void TurnTracker::on_copy(const CacheChange& change) {
  if (change.slot == change.to_slot || change.slot < 0 || change.to_slot < 0) return;
  const Slot from = slots_[change.slot];
  Slot& to = slots_[change.to_slot];
  close(to);
  if (from.turn == 0) return;
  Turn& turn = open_turn(change.to_slot, 0);
  turn.copied_from = from.turn;
  turn.prompt_read = true;
  to.expect_prompt = false;
  to.last_position = from.last_position;
}

void TurnTracker::close(Slot& slot) {
  if (Turn* turn = find(slot.turn)) turn->closed = true;
  slot = {};
}

Turn* TurnTracker::find(std::uint64_t number) {
  if (number == 0) return nullptr;
  const auto at = std::ranges::lower_bound(turns_, number, {}, &Turn::number);
  return at != turns_.end() && at->number == number ? &*at : nullptr;
}

Turn& TurnTracker::open_turn(std::int32_t slot, SteadyNs at) {
  Turn turn;
  // Larger than all numbers that an earlier reader of the same engine gave: it saw fewer records.
  constexpr std::uint64_t kTurnsPerRecord = 256;
  turns_seen_ = std::max(turns_seen_ + 1, last_record_ * kTurnsPerRecord);
  turn.number = turns_seen_;
  turn.slot = slot;
  turn.start = turn.end = at;
  turns_.push_back(std::move(turn));
  slots_[slot].turn = turns_seen_;
  return turns_.back();
}

// Opens the turns that this step of the target model begins.
void TurnTracker::begin_turns(const Step& step) {
  for (const StepMember& member : step.members) {
    Slot& slot = slots_[member.slot];
    Turn* turn = find(slot.turn);
    if (turn != nullptr && turn->closed) turn = nullptr;
    // The check of a draft goes on behind what was accepted of the last one: behind its first token at least.
    const bool goes_on = slot.doubtful && turn != nullptr && member.first_position == slot.cut_at &&
                         member.outputs == member.tokens && slot.last_was_draft && slot.last_position &&
                         slot.cut_at > slot.last_first && slot.cut_at <= *slot.last_position + 1LL;
    // Without a word about the cache: several tokens of which only the last one's results are wanted.
    const bool new_prompt = turn != nullptr && turn->prompt_read && member.tokens > 1 && member.outputs <= 1;
    if (turn != nullptr && (!slot.expect_prompt || goes_on) && !new_prompt) {
      slot.expect_prompt = slot.doubtful = false;
      if (turn->steps == 0) turn->start = step.start;
      continue;
    }
    const auto copied_from = turn != nullptr && turn->steps == 0 ? turn->copied_from : std::nullopt;
    if (turn != nullptr) turn->closed = true;
    Turn& opened = open_turn(member.slot, step.start);
    opened.cached_tokens = member.first_position;
    opened.copied_from = copied_from;
    if (prefixes_.is_told() && !copied_from && member.first_position) {
      opened.prefix = begin_prompt(prefixes_, member.slot, static_cast<std::uint64_t>(*member.first_position),
                                   step.number, opened.number);
    }
    slot.expect_prompt = slot.doubtful = false;
  }
}

void TurnTracker::close_idle(SteadyNs before) {
  for (auto& [number, slot] : slots_) {
    const Turn* turn = find(slot.turn);
    if (turn != nullptr && turn->steps > 0 && turn->end < before) close(slot);
  }
}

// ---- what a step cost whom ----

CostedStep TurnTracker::cost(const Step& step) {
  CostedStep out{step, {}, {}, {}, 0, 0};
  std::vector<StepLoad> loads;
  for (const StepMember& member : step.members) {
    const Slot& slot = slots_[member.slot];
    const Turn* turn = find(slot.turn);
    CostedMember costed{member, turn == nullptr || turn->closed ? 0 : turn->number, 0, 0, 0};
    const bool prefill = step.context == StepContext::target ? turn == nullptr || !turn->prompt_read
                                                             : slot.last_was_prefill && member.tokens > 1;
    (prefill ? costed.prefill_tokens : costed.decode_tokens) = member.tokens;
    out.prefill_tokens += costed.prefill_tokens;
    out.decode_tokens += costed.decode_tokens;
    loads.push_back(load_of(costed));
    out.members.push_back(costed);
  }
  StepCost& model = step.context == StepContext::target ? target_cost_ : draft_cost_;
  const std::int64_t took = step.end() - step.start;
  out.predicted_ns = model.predict(loads);
  const auto shares = model.share(loads, took);
  for (std::size_t i = 0; i < shares.size(); ++i) out.members[i].share_ns = shares[i];
  if (step.synced && step.result == 0 && !step.partial) model.learn(loads, took);
  if (last_end_ != 0) out.gap_ns = std::max<std::int64_t>(0, step.start - last_end_);
  last_end_ = std::max(last_end_, step.end());
  return out;
}

void TurnTracker::on_step(const Step& step) {
  last_record_ = step.number;
  if (!step.blocks.empty()) prefixes_.set_told();
  if (step.context == StepContext::target && step.result == 0) begin_turns(step);
  const CostedStep costed = cost(step);
  note_slices(costed);
  note_blocks(costed);
  if (step.result == 0) {
    for (const CostedMember& member : costed.members) note_member(step, member);
  }
  on_costed_(costed);
}

void TurnTracker::note_member(const Step& step, const CostedMember& member) {
  Turn* turn = find(member.turn);
  if (turn == nullptr) return;
  turn->end = step.end();
  turn->own_ns += member.share_ns;
  if (member.prefill_tokens > 0) turn->own_prefill_ns += member.share_ns;
  if (step.context == StepContext::draft) {
    turn->draft_tokens += member.member.tokens;
    return;
  }
  Slot& slot = slots_[member.member.slot];
  ++turn->steps;
  turn->prefill_tokens += member.prefill_tokens;
  turn->decode_tokens += member.decode_tokens;
  slot.last_was_prefill = member.prefill_tokens > 0;
  slot.last_was_draft = member.decode_tokens > 1;
  slot.last_first = member.member.first_position;
  slot.last_position = member.member.last_position;
  // Of a prompt only the last token's results are wanted; where that is not said, a step is a prompt's last.
  if (member.member.outputs > 0 || !step.outputs) turn->prompt_read = true;
}

// Before the step's own word on whether the prompt is read: its tokens still were of the prompt.
void TurnTracker::note_blocks(const CostedStep& costed) {
  for (const BlockHashes& blocks : costed.step.blocks) {
    const auto member =
        std::ranges::find(costed.members, blocks.slot, [](const CostedMember& in) { return in.member.slot; });
    const bool is_in = member != costed.members.end();
    Turn* turn = is_in ? find(member->turn) : nullptr;
    const bool prompt = turn != nullptr && turn->prefix && member->prefill_tokens > 0;
    const auto end = is_in ? static_cast<std::uint64_t>(member->member.last_position.value_or(-1) + 1LL) : 0;
    add_blocks(prefixes_, prompt ? &*turn->prefix : nullptr, blocks, end, costed.step.number,
               turn == nullptr ? 0 : turn->number);
  }
}

// Every turn that has begun and goes on waits for this step, whoever is in it.
void TurnTracker::note_slices(const CostedStep& costed) {
  std::int64_t prefill = 0, decode = 0;
  for (const CostedMember& member : costed.members) {
    (member.prefill_tokens > 0 ? prefill : decode) += member.share_ns;
  }
  for (Turn& turn : turns_) {
    if (turn.closed) continue;
    const auto own = std::ranges::find(costed.members, turn.number, &CostedMember::turn);
    const bool is_in = own != costed.members.end();
    if (!is_in && turn.steps == 0) continue;
    TurnSlice slice{costed.step.start, costed.step.end(), 0, 0, prefill, decode, turn.prompt_read};
    if (is_in) {
      const bool prompt = own->prefill_tokens > 0;
      (prompt ? slice.own_prefill : slice.own_decode) = own->share_ns;
      (prompt ? slice.others_prefill : slice.others_decode) -= own->share_ns;
      settle_pending(turn);
      if (turn.slices.size() >= kMostSlices) halve(turn.slices);
    }
    if (turn.pending.size() >= kMostPending) halve(turn.pending);
    (is_in ? turn.slices : turn.pending).push_back(slice);
    for (const CostedMember& other : costed.members) {
      if (other.turn == turn.number) continue;
      const bool prompt = other.prefill_tokens > 0;
      const Delay delay{other.turn, slice.start, 1, prompt ? other.share_ns : 0, prompt ? 0 : other.share_ns};
      add_delay(is_in ? turn.delays : turn.pending_delays, delay);
    }
  }
}

}  // namespace llt::telemetry
