#pragma once
// When PageRank's ranks stand still, by the same rule in both back ends.

#include <algorithm>
#include <cmath>

namespace llt::analytics {

/// What all ranks together are off by at the end, at most: a hundredth of what 1e-6 for each would need.
inline constexpr double kRanksOffBy = 1e-8;

/// A sum of all changes in one round. Each round leaves `damping` times the difference to the end, so what is
/// still to come is at most damping / (1 - damping) times the last change.
[[nodiscard]] inline double pagerank_standstill(double damping) {
  return kRanksOffBy * (1 - damping) / std::max(damping, 0.5);
}

/// After so many rounds they stand still, whatever the graph: the first change is at most 2.
[[nodiscard]] inline unsigned pagerank_rounds(double damping) {
  const double slowest = std::max(damping, 0.5);
  return 1 + static_cast<unsigned>(std::ceil(std::log(pagerank_standstill(damping) / 2) / std::log(slowest)));
}

}  // namespace llt::analytics
