#pragma once
// From the probe's records to steps and changes of the cache. Pure; one per engine process.

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "telemetry/steps/step.h"
#include "wire/probe_ring.h"

namespace llt::telemetry {

/// Takes what an assembler makes, in the engine's order.
class StepSink {
 public:
  virtual ~StepSink() = default;
  virtual void on_step(const Step& step) = 0;
  virtual void on_change(const CacheChange& change) = 0;
  /// What a sequence holds, when no step made it so.
  virtual void on_blocks(const BlockHashes& blocks) = 0;
  virtual void on_copy(const StateCopy& copy) = 0;
  virtual void on_context(const EngineContext& context) = 0;
};

/// Groups come in their order. A step is given on when its results were waited for, or when something later
/// shows that this will not be seen.
class StepAssembler {
 public:
  explicit StepAssembler(StepSink& sink) : sink_(sink) {}

  /// False when the group makes no sense; it is then left out.
  bool take(std::span<const llt_probe_record> group);

  /// Gives a step on that has waited for its results since before `earlier_than`.
  void flush(SteadyNs earlier_than);

 private:
  bool take_step(std::span<const llt_probe_record> group);
  bool take_sync(const llt_probe_sync& sync);
  bool take_change(const llt_probe_memory& change);
  bool take_blocks(const llt_probe_blocks& blocks);
  bool take_copy(const llt_probe_memory& copy);
  bool take_context(const llt_probe_context& context);
  [[nodiscard]] StepContext role(std::uint16_t context);
  void give_on();
  void give_blocks();

  StepSink& sink_;
  std::map<std::uint16_t, bool> contexts_;  ///< seen and not freed; the first of them is the target model's
  std::optional<Step> waiting_;
  std::vector<BlockHashes> blocks_;  ///< of the next step, unless something else comes first
};

}  // namespace llt::telemetry
