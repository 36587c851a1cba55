#pragma once
// From steps to turns: which tokens were prompt and which were generation, whose they were, and what each
// step cost whom. Pure; one per engine process.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "telemetry/steps/step_assembler.h"
#include "telemetry/steps/step_cost.h"
#include "telemetry/steps/turn.h"

namespace llt::telemetry {

/// A member of a step with what became known of it.
struct CostedMember {
  StepMember member;
  std::uint64_t turn = 0;  ///< 0: none
  std::uint32_t prefill_tokens = 0, decode_tokens = 0;
  std::int64_t share_ns = 0;
};

struct CostedStep {
  const Step& step;
  std::vector<CostedMember> members;
  std::optional<std::int64_t> gap_ns, predicted_ns;
  std::uint32_t prefill_tokens = 0, decode_tokens = 0;
};

class TurnTracker final : public StepSink {
 public:
  struct Callbacks {
    /// Of a state or a context nothing more becomes known here: they are given on.
    std::function<void(const StateCopy&)> on_copy = [](const StateCopy&) {};
    std::function<void(const EngineContext&)> on_context = [](const EngineContext&) {};
  };

  /// `on_costed` is called for each step, with everything that is known of it then.
  explicit TurnTracker(std::function<void(const CostedStep&)> on_costed)
      : TurnTracker(std::move(on_costed), Callbacks()) {}
  TurnTracker(std::function<void(const CostedStep&)> on_costed, Callbacks callbacks)
      : on_costed_(std::move(on_costed)), callbacks_(std::move(callbacks)) {}

  void on_step(const Step& step) override;
  void on_change(const CacheChange& change) override;
  void on_blocks(const BlockHashes& blocks) override;
  void on_copy(const StateCopy& copy) override { callbacks_.on_copy(copy); }
  void on_context(const EngineContext& context) override { callbacks_.on_context(context); }

  /// Closes turns without a step of their own since `before`, and all of them when the engine is gone.
  void close_idle(SteadyNs before);

  /// All turns that nobody took away yet, oldest first.
  [[nodiscard]] std::deque<Turn>& turns() noexcept { return turns_; }

 private:
  struct Slot {
    std::uint64_t turn = 0;     ///< 0: none
    bool expect_prompt = true;  ///< its next tokens begin another turn
    bool doubtful = false;      ///< ... unless they continue where a draft was cut off
    std::int32_t cut_at = 0;
    bool last_was_prefill = false, last_was_draft = false;  ///< its last step of the target model
    std::optional<std::int32_t> last_first, last_position;  ///< positions in that step
  };

  void on_remove(const CacheChange& change);
  void on_copy(const CacheChange& change);
  Turn* find(std::uint64_t number);
  Turn& open_turn(std::int32_t slot, SteadyNs at);
  void close(Slot& slot);
  void begin_turns(const Step& step);
  CostedStep cost(const Step& step);
  void note_member(const Step& step, const CostedMember& member);
  void note_slices(const CostedStep& costed);
  void note_blocks(const CostedStep& costed);

  std::function<void(const CostedStep&)> on_costed_;
  Callbacks callbacks_;
  PrefixIndex prefixes_;
  std::map<std::int32_t, Slot> slots_;
  std::deque<Turn> turns_;
  std::uint64_t turns_seen_ = 0, last_record_ = 0;
  StepCost target_cost_, draft_cost_;
  SteadyNs last_end_ = 0;
};

}  // namespace llt::telemetry
