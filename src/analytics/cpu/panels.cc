#include "analytics/cpu/panels.h"

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

Panels::Panels(std::vector<float> units, std::size_t dimensions)
    : size_(units.size() / dimensions), dimensions_(dimensions), units_(std::move(units)) {
  panels_.assign((size_ + kWide - 1) / kWide * kWide * dimensions_, 0.0F);
  for (std::size_t i = 0; i < size_; ++i) {
    float* panel = panels_.data() + i / kWide * kWide * dimensions_ + i % kWide;
    for (std::size_t d = 0; d < dimensions_; ++d) panel[d * kWide] = units_[i * dimensions_ + d];
  }
}

Panels::Multiply Panels::best_multiply() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) return multiply_avx2;
#endif
  return multiply_plain;
}

}  // namespace llt::analytics::cpu
