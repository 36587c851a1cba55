#pragma once
// From sums over sources to shares of all pairs: the same for every back end.

#include <span>
#include <vector>

#include "analytics/algorithm.h"
#include "analytics/csr.h"

namespace llt::analytics {

/// `sums[v]`: over all sources, how much of the shortest paths to each vertex leads through v (paths that
/// begin or end in v not counted). Becomes the share of all ordered pairs of other vertices, estimated when
/// the sources are some.
void scale_betweenness(std::vector<double>& sums, std::span<const Vertex> sources);

/// Likewise for edges: `sums` are of the arcs; an undirected edge has the sum of both.
[[nodiscard]] std::vector<EdgeValue> edge_betweenness_of(const Csr& rows, std::span<const double> sums,
                                                         std::size_t sources, bool directed);

/// Vertex betweenness from the sums of arcs, of rows with every edge both ways. What lies on paths through v
/// leaves v along its arcs; so do the paths that begin in v, one to each vertex that it is connected with,
/// which do not count. It also arrives along them, and with it one path from each source that v is connected
/// with. cuGraph's own way for vertices begins its sums anew with each batch of sources, and differs on large
/// power-law graphs (docs/performance.md); its way for edges, which is another, does not.
[[nodiscard]] std::vector<double> betweenness_from_arcs(const Csr& both, std::span<const double> sums,
                                                        std::span<const Vertex> sources);

}  // namespace llt::analytics
