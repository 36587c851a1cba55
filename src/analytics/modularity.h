#pragma once

#include <optional>
#include <span>

#include "analytics/csr.h"

namespace llt::analytics {

/// Newman's modularity of a grouping of an undirected graph (Arcs::both); nothing when there is no weight at
/// all. A loop counts once as an inner edge and twice in its vertex's degree.
[[nodiscard]] std::optional<double> modularity(const Csr& graph, std::span<const Vertex> groups,
                                               double resolution);

}  // namespace llt::analytics
