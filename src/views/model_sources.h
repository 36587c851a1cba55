#pragma once
// What the console is told of the served model: the room that knows model files and plans makes it.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "analytics/described_graph.h"
#include "base/error.h"
#include "views/graph/picture.h"

namespace llt::views {

/// A model's tensors as a graph, with what is known of each beside its name.
struct ModelDrawing {
  analytics::DescribedGraph graph;
  std::vector<Column> columns;
};

/// Name and value, as they stood in a request's target.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// All three fail with not_found where no model file is known: attached servers do not show theirs. They read
/// no file but the served one. Any thread.
struct ModelSources {
  std::function<Result<ModelDrawing>()> drawing{};
  std::function<Result<std::string>()> summary{};  ///< one JSON document
  /// The placements for other options: context, parallel, kv_type, tensor_split, flash_attention, batch,
  /// micro_batch, gpu_layers, gpus, preset. One JSON document.
  std::function<Result<std::string>(const Parameters&)> plan{};
};

}  // namespace llt::views
