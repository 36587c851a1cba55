#include "telemetry/steps/step_assembler.h"

#include <utility>

namespace llt::telemetry {
namespace {

// Far beyond any real batch; what is larger is damage.
constexpr std::uint32_t kMostTokens = 1u << 24;
constexpr std::uint64_t kLatestNs = 1ull << 62;
constexpr std::uint64_t kLongestNs = 86'400'000'000'000;

bool plausible(std::uint64_t start, std::uint64_t end) {
  return start != 0 && end >= start && end <= kLatestNs && end - start <= kLongestNs;
}

std::optional<std::int32_t> known_position(std::int32_t position) {
  return position < 0 ? std::nullopt : std::optional(position);
}

bool read_member(const llt_probe_member& in, std::vector<StepMember>& out) {
  if (in.sequence < 0 || in.tokens == 0 || in.tokens > kMostTokens || in.outputs > in.tokens) return false;
  out.push_back({in.sequence, in.tokens, in.outputs, known_position(in.first_position),
                 known_position(in.last_position)});
  return true;
}

// The records behind a step's first one.
bool read_members(std::span<const llt_probe_record> parts, Step& step) {
  for (const llt_probe_record& part : parts) {
    const llt_probe_members& members = part.members;
    if (members.kind != LLT_PROBE_MEMBERS || members.count > LLT_PROBE_MEMBERS_EACH) return false;
    for (unsigned i = 0; i < members.count; ++i) {
      if (!read_member(members.members[i], step.members)) return false;
    }
  }
  return true;
}

}  // namespace

bool StepAssembler::take(std::span<const llt_probe_record> group) {
  if (group.empty()) return false;
  const llt_probe_record& first = group.front();
  if (first.head.kind == LLT_PROBE_STEP) return take_step(group);
  if (group.size() != 1) return false;
  switch (first.head.kind) {
    case LLT_PROBE_CONTEXT:
      return take_context(first.context);
    case LLT_PROBE_BLOCKS:
      return take_blocks(first.blocks);
    case LLT_PROBE_CONTEXT_END:
      contexts_.erase(first.head.context);
      return true;
    case LLT_PROBE_SYNC:
      return take_sync(first.sync);
    case LLT_PROBE_MEMORY:
      return take_change(first.memory);
    default:
      return false;
  }
}

// A draft model's context is made after the one that it drafts for.
StepContext StepAssembler::role(std::uint16_t context) {
  contexts_[context] = true;
  return contexts_.begin()->first == context ? StepContext::target : StepContext::draft;
}

bool StepAssembler::take_step(std::span<const llt_probe_record> group) {
  const llt_probe_step& in = group.front().step;
  Step step;
  if (!plausible(in.start, in.finish) || in.tokens > kMostTokens) return false;
  if (!read_members(group.subspan(1), step) || step.members.size() != in.sequences) return false;
  std::uint64_t tokens = 0;
  for (const StepMember& member : step.members) tokens += member.tokens;
  step.partial = (in.flags & LLT_PROBE_STEP_PARTIAL) != 0;
  if (tokens > in.tokens || (tokens < in.tokens && !step.partial)) return false;
  give_on();
  step.number = in.head.order;
  step.blocks = std::exchange(blocks_, {});
  step.context = role(in.head.context);
  step.operation = in.operation == LLT_PROBE_ENCODE ? StepOperation::encode : StepOperation::decode;
  step.start = static_cast<SteadyNs>(in.start);
  step.finish = static_cast<SteadyNs>(in.finish);
  step.result = in.result;
  step.tokens = in.tokens;
  if ((in.flags & LLT_PROBE_STEP_NO_OUTPUTS) == 0) step.outputs = in.outputs;
  if ((in.flags & LLT_PROBE_STEP_NO_KV) == 0) step.kv_tokens = in.kv_tokens;
  waiting_ = std::move(step);
  if (in.result != 0) give_on();  // nobody waits for a step that failed
  return true;
}

bool StepAssembler::take_sync(const llt_probe_sync& sync) {
  if (!waiting_ || waiting_->number != sync.step) return true;
  if (!plausible(static_cast<std::uint64_t>(waiting_->start), sync.at)) return false;
  waiting_->synced = static_cast<SteadyNs>(sync.at);
  give_on();
  return true;
}

bool StepAssembler::take_change(const llt_probe_memory& change) {
  // The draft model's cache follows the target's.
  if (role(change.head.context) == StepContext::draft) return true;
  if (change.op == LLT_PROBE_STATE_SAVE || change.op == LLT_PROBE_STATE_LOAD) return take_copy(change);
  CacheChange out{CacheChange::Kind::remove, change.sequence, change.to_sequence, change.from_position,
                  change.to_position};
  switch (change.op) {
    case LLT_PROBE_SEQ_RM:
      break;
    case LLT_PROBE_SEQ_CP:
      out.kind = CacheChange::Kind::copy;
      break;
    case LLT_PROBE_CLEAR:
      out.kind = CacheChange::Kind::clear;
      break;
    case LLT_PROBE_SEQ_ADD:
    case LLT_PROBE_SEQ_KEEP:
      return true;  // begins and ends no turn
    default:
      return false;
  }
  give_on();  // the step before it is over
  give_blocks();
  sink_.on_change(out);
  return true;
}

bool StepAssembler::take_context(const llt_probe_context& in) {
  if (role(in.head.context) == StepContext::draft) return true;
  if (in.at > kLatestNs) return false;
  const auto known = [](std::uint32_t limit) { return limit == 0 ? std::nullopt : std::optional(limit); };
  sink_.on_context({static_cast<SteadyNs>(in.at), known(in.context_tokens), known(in.batch_tokens),
                    known(in.ubatch_tokens), known(in.sequences)});
  return true;
}

bool StepAssembler::take_copy(const llt_probe_memory& in) {
  if (!plausible(in.at, in.at + in.took) || in.sequence < 0) return false;
  give_on();
  sink_.on_copy({in.op == LLT_PROBE_STATE_LOAD, in.sequence, static_cast<SteadyNs>(in.at),
                 static_cast<std::int64_t>(in.took), in.done != 0 ? in.bytes : 0});
  return true;
}

bool StepAssembler::take_blocks(const llt_probe_blocks& in) {
  if (role(in.head.context) == StepContext::draft) return true;
  if (in.sequence < 0 || in.count > LLT_PROBE_BLOCKS_EACH || in.first > kMostTokens) return false;
  // The records of one sequence that follow each other are one telling.
  if (!blocks_.empty() && blocks_.back().slot == in.sequence &&
      blocks_.back().first + blocks_.back().hashes.size() == in.first) {
    blocks_.back().hashes.insert(blocks_.back().hashes.end(), in.hash, in.hash + in.count);
    return true;
  }
  if (blocks_.size() >= LLT_RING_LARGEST_GROUP * LLT_PROBE_MEMBERS_EACH) give_blocks();
  blocks_.push_back({in.sequence, in.first, {in.hash, in.hash + in.count}});
  return true;
}

void StepAssembler::flush(SteadyNs earlier_than) {
  if (waiting_ && waiting_->finish < earlier_than) give_on();
}

void StepAssembler::give_blocks() {
  for (const BlockHashes& blocks : std::exchange(blocks_, {})) sink_.on_blocks(blocks);
}

void StepAssembler::give_on() {
  if (!waiting_) return;
  const Step step = std::move(*waiting_);
  waiting_.reset();
  sink_.on_step(step);
}

}  // namespace llt::telemetry
