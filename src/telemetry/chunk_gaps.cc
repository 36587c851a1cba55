#include "telemetry/chunk_gaps.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace llt::telemetry {

std::optional<GapSummary> summarize_gaps(std::span<const std::uint32_t> gaps_us) {
  if (gaps_us.empty()) return std::nullopt;
  std::vector<std::uint32_t> sorted(gaps_us.begin(), gaps_us.end());
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return std::int64_t{sorted[std::max<std::size_t>(rank, 1) - 1]} * 1000;
  };
  return GapSummary{at(0.50), at(0.95), at(0.99), std::int64_t{sorted.back()} * 1000};
}

}  // namespace llt::telemetry
