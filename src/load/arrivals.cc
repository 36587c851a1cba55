#include "load/arrivals.h"

#include <cmath>

namespace llt::load {

SteadyNs Arrivals::next_gap() {
  // The standard's exponential_distribution differs between libraries; the inverse of its distribution does
  // not.
  constexpr double kSteps = 1ull << 53;
  const double uniform = (static_cast<double>(random_() >> 11) + 0.5) / kSteps;
  return static_cast<SteadyNs>(-std::log(uniform) / per_second_ * 1e9);
}

}  // namespace llt::load
