#pragma once
// Steps as a test says them.

#include <initializer_list>
#include <vector>

#include "telemetry/steps/turn_tracker.h"

namespace llt::telemetry::testing {

struct In {
  int slot, first_position, tokens, outputs;
};

/// A script of an engine's life, each step following the last one.
class Engine {
 public:
  explicit Engine(StepSink& sink) : sink_(sink) {}

  /// A step of the target model that takes `ms`, after a gap of 1 ms.
  Step step(std::initializer_list<In> members, int ms = 10, StepContext context = StepContext::target,
            std::vector<BlockHashes> blocks = {}) {
    Step step;
    step.number = ++number_;
    step.context = context;
    step.start = at_ += 1'000'000;
    step.finish = at_ += static_cast<SteadyNs>(ms) * 1'000'000;
    step.synced = step.finish;
    std::uint32_t outputs = 0;
    for (const In& in : members) {
      StepMember member;
      member.slot = in.slot;
      member.tokens = static_cast<std::uint32_t>(in.tokens);
      member.outputs = static_cast<std::uint32_t>(in.outputs);
      member.first_position = in.first_position;
      member.last_position = in.first_position + in.tokens - 1;
      step.tokens += member.tokens;
      outputs += member.outputs;
      step.members.push_back(member);
    }
    step.outputs = outputs;
    step.blocks = std::move(blocks);
    sink_.on_step(step);
    return step;
  }
  void cut(int slot, int from, int to = -1) {
    sink_.on_change({CacheChange::Kind::remove, slot, 0, from, to});
  }
  void copy(int slot, int to_slot) { sink_.on_change({CacheChange::Kind::copy, slot, to_slot, -1, -1}); }
  [[nodiscard]] SteadyNs now() const { return at_; }

 private:
  StepSink& sink_;
  std::uint64_t number_ = 0;
  SteadyNs at_ = 1'000'000'000;
};

}  // namespace llt::telemetry::testing
