#pragma once
// Whether the GPU is worth starting.

#include <cstdint>
#include <string>

#include "analytics/algorithm.h"

namespace llt::analytics {

struct Choice {
  bool gpu = false;
  std::string why;  ///< "this size is quicker on the CPU", for people
};

/// By algorithm and size alone; whether there is a GPU is not asked here. `edges`: rows of the input.
[[nodiscard]] Choice choose(const Request& request, Vertex vertices, std::uint64_t edges);

/// The same for the nearest of so many vectors.
[[nodiscard]] Choice choose_nearest(std::uint64_t vectors, std::uint64_t dimensions);

}  // namespace llt::analytics
