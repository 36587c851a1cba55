#pragma once
// What a step costs, learnt while the engine works: an additive model of its time. Formula, source and
// limits: docs/attribution.md. Pure; one per engine process and context.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace llt::telemetry {

/// What a sequence puts into a step.
struct StepLoad {
  std::uint32_t prefill_tokens = 0, decode_tokens = 0;
  double attended = 0;  ///< over its tokens: positions that each one attends to
};

class StepCost {
 public:
  /// Learns from one step.
  void learn(const std::vector<StepLoad>& members, std::int64_t step_ns);

  /// What a step with these members is expected to take; nullopt as long as too few were seen.
  [[nodiscard]] std::optional<std::int64_t> predict(const std::vector<StepLoad>& members) const;

  /// Splits `step_ns` among the members. The parts add up to it exactly.
  [[nodiscard]] std::vector<std::int64_t> share(const std::vector<StepLoad>& members,
                                                std::int64_t step_ns) const;

 private:
  /// The step itself, prefill tokens, decode tokens, attention, and that a prompt is read at all.
  static constexpr std::size_t kTerms = 5;
  using Terms = std::array<double, kTerms>;

  [[nodiscard]] static Terms terms(const std::vector<StepLoad>& members);
  [[nodiscard]] double weight_of(const std::vector<StepLoad>& members, double time) const;
  [[nodiscard]] double weight(const StepLoad& member, std::size_t members, std::size_t readers) const;
  void solve();

  std::array<Terms, kTerms> gram_{};  ///< sums of products of terms, older steps fading
  Terms target_{};
  Terms cost_{};  ///< ns per unit of each term; never negative
  std::uint64_t steps_ = 0;
  bool known_ = false;
};

/// Splits a whole in proportion to weights, exactly: what rounding leaves goes to the largest part.
[[nodiscard]] std::vector<std::int64_t> split_exactly(std::int64_t whole, const std::vector<double>& weights);

}  // namespace llt::telemetry
