#pragma once
// A model's tensors and layers as data flows through them.

#include "analytics/described_graph.h"
#include "gguf/model_file.h"

namespace llt::analytics {

/// Vertices are the tensors (with type and bytes in their labels) and, for every layer, the stream that its
/// parts add to. Edges lead the way of the data. Tensors whose place is not known are drawn between their
/// layer's ends, and a note says how many.
[[nodiscard]] DescribedGraph model_graph(const gguf::ModelFile& model);

}  // namespace llt::analytics
