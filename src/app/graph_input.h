#pragma once
// Which graph a command is about, and the reading of it.

#include "analytics/described_graph.h"
#include "app/analytics_place.h"
#include "app/commands.h"
#include "app/progress_line.h"

namespace llt::app {

/// Names the graphs of the store and of models, for sentences.
[[nodiscard]] std::string graph_kinds();

/// What has to be there, and nothing that contradicts it.
[[nodiscard]] Result<> check_graph_input(const GraphOptions& options);

/// The graph that `options` name, from the store, a model, a file or texts; `line` shows how far a long
/// reading is. `place`: where vectors are compared, if there are any.
[[nodiscard]] Result<analytics::DescribedGraph> read_graph_input(const Settings& settings,
                                                                 const GraphOptions& options,
                                                                 const AnalyticsPlace& place,
                                                                 ProgressLine& line);

}  // namespace llt::app
