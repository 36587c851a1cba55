#pragma once
// A graph with what it stands for.

#include <string>
#include <vector>

#include "analytics/edges.h"

namespace llt::analytics {

struct DescribedGraph {
  NamedGraph graph;
  std::string about;                ///< "the edges in roads.csv"
  std::vector<std::string> labels;  ///< of the vertices, beside their ids; empty: the ids say it all
  std::vector<std::string> notes;   ///< how far the graph can be trusted, and what was left out
  bool directed = true;             ///< whether the edges' direction means something

  /// The vertex with this id; a new one gets the label.
  Vertex vertex(std::string_view id, std::string_view label);
};

}  // namespace llt::analytics
