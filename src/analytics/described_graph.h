#pragma once
// A graph with what it stands for.

#include <string>
#include <vector>

#include "analytics/edges.h"

namespace llt::analytics {

/// What an edge rests on, in words.
struct EdgeNote {
  std::string relation, sentence, document;
};

struct DescribedGraph {
  NamedGraph graph;
  std::string about;                ///< "the edges in roads.csv"
  std::vector<std::string> labels;  ///< of the vertices, beside their ids; empty: the ids say it all
  std::vector<std::string> notes;   ///< how far the graph can be trusted, and what was left out
  bool directed = true;             ///< whether the edges' direction means something
  std::vector<std::string>
      words;  ///< all that is known of the vertices, to name groups by; empty: the labels
  std::vector<EdgeNote> edge_notes;  ///< beside the edges; empty: there are none
  bool show_edges = false;           ///< the edges themselves are news, not only what follows from them

  /// The vertex with this id; a new one gets the label.
  Vertex vertex(std::string_view id, std::string_view label);
};

}  // namespace llt::analytics
