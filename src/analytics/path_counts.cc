#include "analytics/path_counts.h"

namespace llt::analytics {

double most_shortest_paths(const Csr& out, Vertex source) {
  std::vector<Vertex> level(out.vertices(), kNoVertex), order{source};
  std::vector<double> paths(out.vertices(), 0.0);
  level[source] = 0;
  paths[source] = 1;
  double most = 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Vertex u = order[i];
    most = std::max(most, paths[u]);
    for (const Vertex v : out.row(u)) {
      if (level[v] == kNoVertex) {
        level[v] = level[u] + 1;
        order.push_back(v);
      }
      if (level[v] == level[u] + 1) paths[v] += paths[u];
    }
  }
  return most;
}

}  // namespace llt::analytics
