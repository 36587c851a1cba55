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

namespace {

// How many vertices are connected with each, itself included.
std::vector<Vertex> connected(const Csr& both) {
  std::vector<Vertex> size(both.vertices(), 0), part;
  std::vector<bool> seen(both.vertices(), false);
  for (Vertex root = 0; root < both.vertices(); ++root) {
    if (seen[root]) continue;
    seen[root] = true;
    part.assign(1, root);
    for (std::size_t i = 0; i < part.size(); ++i) {
      for (const Vertex v : both.row(part[i])) {
        if (!seen[v]) seen[v] = true, part.push_back(v);
      }
    }
    for (const Vertex v : part) size[v] = static_cast<Vertex>(part.size());
  }
  return size;
}

}  // namespace

std::vector<double> betweenness_from_arcs(const Csr& both, std::span<const double> sums,
                                          std::span<const Vertex> sources) {
  std::vector<double> through(both.vertices(), 0.0);
  for (Vertex u = 0; u < both.vertices(); ++u) {
    for (std::uint64_t arc = both.offsets[u]; arc < both.offsets[u + 1]; ++arc) through[u] += sums[arc];
  }
  const auto size = connected(both);
  for (const Vertex source : sources) {
    const double own = size[source] - 1.0, left = through[source] - own;
    constexpr double kRounding = 1e-12;  // of what is taken away: nothing is left
    through[source] = left > own * kRounding ? left : 0.0;
  }
  scale_betweenness(through, sources);
  return through;
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
