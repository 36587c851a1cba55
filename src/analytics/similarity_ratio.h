#pragma once
// Jaccard and overlap from counts, and the counts back from them: the same for every back end.

#include <optional>

#include "analytics/algorithm.h"

namespace llt::analytics {

/// Of two vertices with `a` and `b` neighbours, `common` of them the same. `algorithm`: jaccard or overlap.
[[nodiscard]] double similarity_ratio(Algorithm algorithm, std::uint64_t common, std::uint64_t a,
                                      std::uint64_t b);

/// How many neighbours are common when this is how similar two vertices are; nothing when no number of them
/// makes it.
[[nodiscard]] std::optional<std::uint64_t> common_neighbours(Algorithm algorithm, double similarity,
                                                             std::uint64_t a, std::uint64_t b);

}  // namespace llt::analytics
