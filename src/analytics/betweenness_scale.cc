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

// Vertices that are connected, and how many there are.
struct Parts {
  std::vector<Vertex> of;    // of each vertex: its part
  std::vector<Vertex> size;  // of each part
};

Parts parts_of(const Csr& both) {
  Parts parts{std::vector<Vertex>(both.vertices(), kNoVertex), {}};
  std::vector<Vertex> part;
  for (Vertex root = 0; root < both.vertices(); ++root) {
    if (parts.of[root] != kNoVertex) continue;
    const auto number = static_cast<Vertex>(parts.size.size());
    parts.of[root] = number;
    part.assign(1, root);
    for (std::size_t i = 0; i < part.size(); ++i) {
      for (const Vertex v : both.row(part[i])) {
        if (parts.of[v] == kNoVertex) parts.of[v] = number, part.push_back(v);
      }
    }
    parts.size.push_back(static_cast<Vertex>(part.size()));
  }
  return parts;
}

double leaving(const Csr& both, std::span<const double> sums, Vertex u) {
  double sum = 0;
  for (std::uint64_t arc = both.offsets[u]; arc < both.offsets[u + 1]; ++arc) sum += sums[arc];
  return sum;
}

double arriving(const Csr& both, std::span<const double> sums, Vertex v) {
  double sum = 0;
  for (const Vertex u : both.row(v)) sum += sums[both.find(u, v)];
  return sum;
}

// What is left of `sum` without the `ends`, the paths that begin or end in the vertex.
double without(double sum, double ends) {
  constexpr double kRounding = 1e-12;  // of what is taken away: nothing is left
  const double left = sum - ends;
  return left > ends * kRounding ? left : 0.0;
}

}  // namespace

std::vector<double> betweenness_from_arcs(const Csr& both, std::span<const double> sums,
                                          std::span<const Vertex> sources) {
  const Parts parts = parts_of(both);
  std::vector<Vertex> sources_in(parts.size.size(), 0);
  for (const Vertex source : sources) ++sources_in[parts.of[source]];
  std::vector<double> through(both.vertices(), 0.0);
  for (Vertex u = 0; u < both.vertices(); ++u) through[u] = leaving(both, sums, u);
  for (const Vertex source : sources) {
    const Vertex part = parts.of[source];
    // Few paths end there when there are few sources, and the less is taken away the less is rounded.
    through[source] = sources_in[part] < parts.size[part]
                          ? without(arriving(both, sums, source), sources_in[part] - 1.0)
                          : without(through[source], parts.size[part] - 1.0);
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
