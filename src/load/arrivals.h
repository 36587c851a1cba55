#pragma once
// When requests of many clients that do not know each other come.

#include <cstdint>
#include <random>

#include "base/clock.h"

namespace llt::load {

/// A Poisson process: gaps are exponential with mean 1 / rate. The same seed gives the same moments on every
/// machine.
class Arrivals {
 public:
  /// `per_second` is above 0.
  Arrivals(double per_second, std::uint64_t seed) : per_second_(per_second), random_(seed) {}
  /// From the previous arrival to the next.
  [[nodiscard]] SteadyNs next_gap();

 private:
  double per_second_;
  std::mt19937_64 random_;
};

}  // namespace llt::load
