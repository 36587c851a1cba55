#pragma once
// The graph that llama.cpp reserves memory for: one micro-batch of prompt tokens with a full cache.

#include <cstdint>

#include "placement/compute_graph.h"
#include "placement/model_shape.h"
#include "placement/options.h"

namespace llt::placement {

/// The part of a model that one device computes.
struct GraphPart {
  std::size_t first = 0, last = 0;  ///< layers [first, last)
  bool embeds = false;              ///< tokens become embeddings here (always in RAM)
  bool output = false;              ///< logits are computed here
  bool cuda = false;
};

/// llm_graph_context of llama.cpp 11434 for the Llama family and Gemma 3: dense or with experts, with or
/// without a sliding window. For other architectures it stands for a graph that is much like theirs.
[[nodiscard]] ComputeGraph model_graph(const ModelShape& model, const ContextShape& context,
                                       const EngineOptions& options, const GraphPart& part);

/// Cells of the cache of a layer with a sliding window (llama_kv_cache_iswa).
[[nodiscard]] std::uint64_t window_cells(const ContextShape& context, std::uint64_t window) noexcept;

}  // namespace llt::placement
