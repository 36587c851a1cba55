#pragma once

#include "analytics/csr.h"

namespace llt::analytics {

/// The largest number of shortest paths (by edges) from `source` to any one vertex; infinite when a double
/// cannot hold it.
[[nodiscard]] double most_shortest_paths(const Csr& out, Vertex source);

}  // namespace llt::analytics
