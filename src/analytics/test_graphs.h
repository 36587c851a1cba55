#pragma once
// Graphs of many kinds for tests and benchmarks, the same for the same seed.

#include <cstdint>
#include <string_view>
#include <vector>

#include "analytics/edges.h"

namespace llt::analytics {

/// random, power-law, grid, star, disconnected, loops, multi, weighted, empty, one; about `edges` edges.
[[nodiscard]] EdgeList test_graph(std::string_view kind, std::uint64_t edges, std::uint64_t seed);
[[nodiscard]] std::vector<std::string_view> test_graph_kinds();

}  // namespace llt::analytics
