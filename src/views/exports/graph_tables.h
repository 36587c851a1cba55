#pragma once
// A graph as two tables, with what is known and what was computed of its vertices.

#include "analytics/session.h"
#include "views/exports/graph_details.h"
#include "views/exports/table.h"

namespace llt::views {

/// What the export itself finds out about the vertices.
struct Measures {
  std::vector<double> degree, pagerank;
  std::vector<analytics::Vertex> community;
  std::vector<float> x, y;  ///< empty: no layout was asked for
};

struct MeasureRequest {
  bool layout = false;
  analytics::Want want = analytics::Want::automatic;
  analytics::GpuOptions gpu;
};

/// Told what is being computed, and how much of it is done.
using MeasureProgress = std::function<void(std::string_view algorithm, double done)>;

[[nodiscard]] Result<Measures> measure(const analytics::DescribedGraph& graph, const MeasureRequest& request,
                                       const MeasureProgress& progress);

struct GraphTables {
  Table nodes;  ///< id, label, degree, pagerank, community, x and y if there is a layout, then the details
  Table edges;  ///< src, dst, and weight if the edges have any
};

/// The tables' cells are read from the arguments, which must outlive them.
[[nodiscard]] GraphTables graph_tables(const analytics::DescribedGraph& graph, const Measures& measures,
                                       const std::vector<DetailColumn>& details);

}  // namespace llt::views
