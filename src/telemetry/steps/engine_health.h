#pragma once
// Signs in an engine's steps that something is wrong with it or its machine. Pure; one per engine process.
// Thresholds and why: docs/attribution.md.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace llt::telemetry {

/// What the examination needs of a step of the target model whose end is known.
struct StepSample {
  SteadyNs end = 0;
  std::uint32_t tokens = 0, sequences = 0;
  bool has_prompt = false;
  std::int64_t took_ns = 0;
  std::optional<std::int64_t> gap_ns;  ///< since the step before it, when somebody was in both
};

struct Sickness {
  std::string kind;        ///< "engine.steps_constant", "engine.steps_unsteady", "engine.gaps_long"
  std::string message;     ///< a sentence with its numbers, and what to do
  std::string attributes;  ///< the numbers as JSON
};

class EngineHealth {
 public:
  /// Takes a step; gives what has just become wrong. A kind is told again when it was well in between, and
  /// not more often than once a minute.
  [[nodiscard]] std::vector<Sickness> take(const StepSample& sample);

 private:
  [[nodiscard]] std::vector<Sickness> examine() const;

  std::deque<StepSample> window_;
  std::uint64_t taken_ = 0;
  std::map<std::string, bool> ill_;
  std::map<std::string, SteadyNs> told_;
};

}  // namespace llt::telemetry
