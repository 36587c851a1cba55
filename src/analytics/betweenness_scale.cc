#include "analytics/betweenness_scale.h"

namespace llt::analytics {

void scale_betweenness(std::vector<double>& sums, std::span<const Vertex> sources) {
  const auto n = static_cast<double>(sums.size());
  const auto k = static_cast<double>(sources.size());
  const auto scaled = [&](double sum, double others) {
    return others > 0 && n > 2 ? sum / (others * (n - 2)) : 0.0;
  };
  // A source is no third vertex for its own paths: one less speaks for it.
  std::size_t next = 0;
  for (std::size_t v = 0; v < sums.size(); ++v) {
    const bool is_source = next < sources.size() && sources[next] == v;
    if (is_source) ++next;
    sums[v] = scaled(sums[v], is_source ? k - 1 : k);
  }
}

std::vector<EdgeValue> edge_betweenness_of(const Csr& rows, std::span<const double> sums, std::size_t sources,
                                           bool directed) {
  const auto k = static_cast<double>(sources);
  const double pairs = k * (static_cast<double>(rows.vertices()) - 1);
  std::vector<EdgeValue> edges;
  for (Vertex u = 0; u < rows.vertices(); ++u) {
    for (std::uint64_t arc = rows.offsets[u]; arc < rows.offsets[u + 1]; ++arc) {
      const Vertex v = rows.targets[arc];
      if (!directed && v < u) continue;
      const double sum = directed ? sums[arc] : sums[arc] + sums[rows.find(v, u)];
      edges.push_back({u, v, pairs > 0 ? sum / pairs : 0.0});
    }
  }
  return edges;
}

}  // namespace llt::analytics
