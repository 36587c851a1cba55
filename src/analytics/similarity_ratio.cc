#include "analytics/similarity_ratio.h"

#include <algorithm>
#include <cmath>

namespace llt::analytics {

double similarity_ratio(Algorithm algorithm, std::uint64_t common, std::uint64_t a, std::uint64_t b) {
  const std::uint64_t all = algorithm == Algorithm::jaccard ? a + b - common : std::min(a, b);
  return all == 0 ? 0 : static_cast<double>(common) / static_cast<double>(all);
}

std::optional<std::uint64_t> common_neighbours(Algorithm algorithm, double similarity, std::uint64_t a,
                                               std::uint64_t b) {
  // Ratios of neighbouring counts are at least 1e-10 apart: no vertex has more than 2^32 neighbours.
  constexpr double kRounding = 1e-12;
  if (!(similarity >= 0 && similarity <= 1)) return std::nullopt;
  const double exact = algorithm == Algorithm::jaccard
                           ? similarity * static_cast<double>(a + b) / (1 + similarity)
                           : similarity * static_cast<double>(std::min(a, b));
  const auto common = static_cast<std::uint64_t>(std::llround(exact));
  if (common > std::min(a, b)) return std::nullopt;
  if (std::abs(similarity_ratio(algorithm, common, a, b) - similarity) > kRounding) return std::nullopt;
  return common;
}

}  // namespace llt::analytics
