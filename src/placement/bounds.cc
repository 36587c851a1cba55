#include "placement/bounds.h"

#include <algorithm>

#include "placement/cuda_estimates.h"

namespace llt::placement {
namespace {

constexpr double kOperationsPerWeight = 2;  // one multiplication, one addition

// Seconds that the cards take one after the other, and that the slowest of them takes.
struct Times {
  double sum = 0, longest = 0;

  void add(double seconds) {
    sum += seconds;
    longest = std::max(longest, seconds);
  }
};

std::optional<double> rate(double seconds) {
  if (seconds <= 0) return std::nullopt;
  return 1 / seconds;
}

}  // namespace

Bounds bounds(const ModelShape& model, const EngineOptions& options, const ModelUsage& usage,
              std::span<const Card> cards) {
  if (usage.cards.empty() || usage.host.layers != 0 || usage.host.output) return {};
  Times decode, prefill;
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const Usage& part = usage.cards[i];
    if (part.read_bytes == 0) continue;
    if (!cards[i].bytes_per_second || !cards[i].half_flops) return {};
    decode.add(static_cast<double>(part.read_bytes) / *cards[i].bytes_per_second);
    const double logits = part.output ? model.output.parameters_used : 0;
    const double weights = std::max(part.parameters_used - logits, 0.0);
    prefill.add(kOperationsPerWeight * weights / (*cards[i].half_flops * kInt8Factor));
  }
  // A token passes the cards one after the other, unless they share its matrices; prompts keep all of them
  // busy.
  const bool in_turn = options.split_mode == SplitMode::layer;
  return {rate(in_turn ? decode.sum : decode.longest), rate(prefill.longest)};
}

}  // namespace llt::placement
