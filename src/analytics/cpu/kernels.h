#pragma once
// The algorithms of the CPU back end, one function each. Graphs come as the rows that the comment names.

#include "analytics/algorithm.h"
#include "analytics/csr.h"

namespace llt::analytics::cpu {

/// `in`: Arcs::in (Arcs::both when direction is ignored). A vertex without out-weight jumps like a random
/// surfer: to `request.from`, or anywhere.
[[nodiscard]] Outcome pagerank(const Csr& in, const Request& request);

/// `out`: Arcs::out or Arcs::both, without loops. Paths are counted by edges, not weights. Fails when there
/// are more shortest paths than a double can count.
[[nodiscard]] Result<Outcome> betweenness(const Csr& out, const Request& request, const Progress& progress);

[[nodiscard]] Outcome weak_components(const EdgeList& edges);
[[nodiscard]] Outcome strong_components(const Csr& out);

/// `simple`: Arcs::both without loops.
[[nodiscard]] Outcome core_numbers(const Csr& simple);
[[nodiscard]] Outcome triangles(const Csr& simple, unsigned threads);
[[nodiscard]] Outcome similarity(const Csr& simple, const Request& request);

[[nodiscard]] Outcome degrees(const EdgeList& edges);

/// `out`: Arcs::out or Arcs::both; for sssp with Parallel::shortest.
[[nodiscard]] Outcome hops(const Csr& out, Vertex from);
[[nodiscard]] Outcome shortest_paths(const Csr& out, Vertex from);
[[nodiscard]] Outcome ego(const Csr& out, const Request& request);
/// The same from the distances of all vertices in edges, infinite where there is no path.
[[nodiscard]] Outcome neighbourhood(const Csr& out, const Request& request, std::vector<double> distances);

/// `both`: Arcs::both.
[[nodiscard]] Outcome communities(const Csr& both, const Request& request);
/// The same, begun with groups that another search found, numbered below the number of vertices: at least as
/// good as these, and less work, unless they were so far from good that the search has to begin anew beside
/// it.
[[nodiscard]] Outcome better_communities(const Csr& both, const Request& request, std::vector<Vertex> found);
[[nodiscard]] Outcome layout(const Csr& both, const Request& request, const Progress& progress);

}  // namespace llt::analytics::cpu
