#include "placement/layer_split.h"

#include <algorithm>

namespace llt::placement {

std::vector<int> layer_homes(std::size_t layers, std::span<const double> shares,
                             std::optional<std::uint64_t> offloaded) {
  const std::size_t places = layers + 1;
  std::vector<int> homes(places, kHost);
  if (shares.empty()) return homes;
  std::vector<float> ends;
  float sum = 0;
  for (const double share : shares) ends.push_back(sum += static_cast<float>(share));
  for (float& end : ends) end /= sum;
  const std::size_t active = std::min<std::uint64_t>(offloaded.value_or(places), places);
  const std::size_t first = places - active;
  for (std::size_t i = first; i < places; ++i) {
    const float at = static_cast<float>(i - first) / static_cast<float>(active);
    homes[i] = static_cast<int>(std::ranges::upper_bound(ends, at) - ends.begin());
  }
  return homes;
}

}  // namespace llt::placement
