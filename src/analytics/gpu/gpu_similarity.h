#pragma once
// How similar joined vertices are, asked of a graph that lies on the GPU.

#include "analytics/algorithm.h"
#include "analytics/csr.h"
#include "analytics/gpu/worker_process.h"

namespace llt::analytics::gpu {

/// Jaccard or overlap of every edge of the graph at `place`, whose rows are `simple` (Arcs::both without
/// loops): once, from the smaller vertex, in the order of the rows. The values are the CPU's to the last bit.
[[nodiscard]] Result<std::vector<EdgeValue>> similar_edges(WorkerProcess& worker, std::uint32_t place,
                                                           const Csr& simple, Algorithm algorithm);

}  // namespace llt::analytics::gpu
