#include "analytics/described_graph.h"

namespace llt::analytics {

Vertex DescribedGraph::vertex(std::string_view id, std::string_view label) {
  const Vertex v = graph.ids.intern(id);
  if (v == labels.size()) labels.emplace_back(label);
  graph.edges.vertices = static_cast<Vertex>(graph.ids.size());
  return v;
}

}  // namespace llt::analytics
