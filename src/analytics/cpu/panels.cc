#include "analytics/cpu/panels.h"

#include "analytics/cpu/parallel.h"

namespace llt::analytics::cpu {
namespace {

using Lanes = float __attribute__((vector_size(32)));
constexpr std::size_t kLanes = 8, kWide = 2 * kLanes, kHigh = 4;

[[gnu::always_inline]] inline void multiply(const float* const* rows, const float* panel,
                                            std::size_t dimensions, std::array<float, kHigh * kWide>& tile) {
  Lanes sums[kHigh][2] = {};
  for (std::size_t d = 0; d < dimensions; ++d) {
    Lanes low, high;
    __builtin_memcpy(&low, panel + d * kWide, sizeof low);
    __builtin_memcpy(&high, panel + d * kWide + kLanes, sizeof high);
    for (std::size_t i = 0; i < kHigh; ++i) {
      sums[i][0] += rows[i][d] * low;
      sums[i][1] += rows[i][d] * high;
    }
  }
  __builtin_memcpy(tile.data(), sums, sizeof sums);
}

void multiply_plain(const float* const* rows, const float* panel, std::size_t dimensions,
                    std::array<float, kHigh * kWide>& tile) {
  multiply(rows, panel, dimensions, tile);
}
#ifdef __x86_64__
[[gnu::target("avx2,fma")]] void multiply_avx2(const float* const* rows, const float* panel,
                                               std::size_t dimensions,
                                               std::array<float, kHigh * kWide>& tile) {
  multiply(rows, panel, dimensions, tile);
}
#endif

}  // namespace

Panels::Panels(std::vector<float> units, std::size_t dimensions, unsigned threads)
    : size_(units.size() / dimensions), dimensions_(dimensions), units_(std::move(units)) {
  const std::size_t panels = (size_ + kWide - 1) / kWide;
  panels_.assign(panels * kWide * dimensions_, 0.0F);
  each_task(panels, thread_count(threads), [&](std::size_t panel, unsigned) {
    for (std::size_t i = panel * kWide; i < std::min(size_, (panel + 1) * kWide); ++i) {
      float* to = panels_.data() + panel * kWide * dimensions_ + i % kWide;
      for (std::size_t d = 0; d < dimensions_; ++d) to[d * kWide] = units_[i * dimensions_ + d];
    }
  });
}

Panels::Multiply Panels::best_multiply() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) return multiply_avx2;
#endif
  return multiply_plain;
}

}  // namespace llt::analytics::cpu
