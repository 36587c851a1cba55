#pragma once
// A graph on its way out, with what is known and what was computed of it.

#include "app/export_options.h"
#include "views/exports/graph_tables.h"

namespace llt::app {

struct ExportGraph {
  analytics::DescribedGraph graph;
  views::Measures measures;
  std::vector<views::DetailColumn> details;

  /// Refers to this object.
  [[nodiscard]] views::GraphTables tables() const { return views::graph_tables(graph, measures, details); }
};

/// Mistakes in naming the graph, before anything is read.
[[nodiscard]] Result<> check_export_graph(const ExportOptions& options);

/// Reads the graph that the options name and computes what every graph export has.
[[nodiscard]] Result<ExportGraph> read_export_graph(const Settings& settings, const ExportOptions& options);

}  // namespace llt::app
