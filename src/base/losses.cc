#include "base/losses.h"

#include <atomic>

namespace llt {
namespace {

std::array<std::atomic<std::uint64_t>, kLossCount> counters{};

}  // namespace

void count_loss(Loss loss, std::uint64_t n) noexcept {
  counters[static_cast<std::size_t>(loss)].fetch_add(n, std::memory_order_relaxed);
}

std::uint64_t loss_count(Loss loss) noexcept {
  return counters[static_cast<std::size_t>(loss)].load(std::memory_order_relaxed);
}

std::array<std::uint64_t, kLossCount> loss_counts() noexcept {
  std::array<std::uint64_t, kLossCount> counts{};
  for (std::size_t i = 0; i < kLossCount; ++i) counts[i] = counters[i].load(std::memory_order_relaxed);
  return counts;
}

}  // namespace llt
