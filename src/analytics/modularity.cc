#include "analytics/modularity.h"

#include <algorithm>

namespace llt::analytics {

std::optional<double> modularity(const Csr& graph, std::span<const Vertex> groups, double resolution) {
  if (groups.empty()) return std::nullopt;
  std::vector<double> degree(std::size_t{*std::ranges::max_element(groups)} + 1, 0.0);
  double total = 0;   // twice the weight of all edges
  double inside = 0;  // twice the weight of the edges inside groups
  for (Vertex u = 0; u < graph.vertices(); ++u) {
    for (std::uint64_t arc = graph.offsets[u]; arc < graph.offsets[u + 1]; ++arc) {
      const Vertex v = graph.targets[arc];
      const double weight = graph.weight(arc) * (u == v ? 2 : 1);
      degree[groups[u]] += weight;
      total += weight;
      if (groups[u] == groups[v]) inside += weight;
    }
  }
  if (total <= 0) return std::nullopt;
  double expected = 0;
  for (const double d : degree) expected += (d / total) * (d / total);
  return inside / total - resolution * expected;
}

}  // namespace llt::analytics
