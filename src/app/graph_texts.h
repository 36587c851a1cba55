#pragma once
// Graphs of texts: which are alike (`knn`), and what they say of what (`knowledge`).

#include "analytics/described_graph.h"
#include "app/analytics_place.h"
#include "app/commands.h"
#include "app/progress_line.h"

namespace llt::app {

/// Reads --texts and has the engine turn them into vectors, unless the file has vectors itself. They are
/// compared where `place` says.
[[nodiscard]] Result<analytics::DescribedGraph> read_similar_texts(const Settings& settings,
                                                                   const GraphOptions& options,
                                                                   const AnalyticsPlace& place,
                                                                   ProgressLine& line);

/// Reads --texts and has the engine read them.
[[nodiscard]] Result<analytics::DescribedGraph> read_knowledge(const Settings& settings,
                                                               const GraphOptions& options,
                                                               ProgressLine& line);

}  // namespace llt::app
