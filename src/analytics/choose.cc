#include "analytics/choose.h"

#include <fmt/format.h>

#include <algorithm>

#include "analytics/gpu/gpu_backend.h"

namespace llt::analytics {
namespace {

// From how much work on the GPU is quicker for one question, the worker's start (opening the libraries, a
// CUDA context) and moving the graph there counted. Work is edges; for betweenness edges times sources, for
// layouts edges times rounds. UINT64_MAX: never seen to be, at up to 10^7 edges and, for PageRank, 10^8: the
// CPU has answered before the graph is there. Measured on an H100 beside 16 cores (docs/performance.md),
// rounded up. Louvain and Leiden with the CPU's bettering; in a graph that has hardly any communities they
// cost more than they save at every size. Betweenness of edges is a guess: up to 10^8 it was slower.
std::uint64_t crossover(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::edge_betweenness:
      return 1'000'000'000;
    case Algorithm::layout:
      return 50'000'000;
    case Algorithm::leiden:
    case Algorithm::louvain:
      return 10'000'000;
    default:
      return UINT64_MAX;
  }
}

std::uint64_t work_of(const Request& request, Vertex vertices, std::uint64_t edges) {
  switch (request.algorithm) {
    case Algorithm::edge_betweenness:
      return edges * std::min(vertices, request.samples.value_or(vertices));
    case Algorithm::layout:
      return edges * request.iterations.value_or(500);
    default:
      return edges;
  }
}

}  // namespace

Choice choose(const Request& request, Vertex vertices, std::uint64_t edges) {
  const auto name = info_of(request.algorithm).name;
  if (!gpu_can(request.algorithm)) return {false, fmt::format("{} runs on the CPU only", name)};
  const std::uint64_t from = crossover(request.algorithm);
  if (from == UINT64_MAX) return {false, fmt::format("{} is left to the CPU at any size", name)};
  if (work_of(request, vertices, edges) < from) return {false, "a graph of this size is quicker on the CPU"};
  return {true, "a graph of this size is quicker on the GPU"};
}

// Work is the products of all pairs. Measured on an H100 beside 16 cores as above.
Choice choose_nearest(std::uint64_t vectors, std::uint64_t dimensions) {
  constexpr double kProducts = 4e11;
  const auto rows = static_cast<double>(vectors);
  const bool gpu = rows * rows * static_cast<double>(dimensions) >= kProducts;
  return {gpu, fmt::format("so many vectors are compared quicker on the {}", gpu ? "GPU" : "CPU")};
}

}  // namespace llt::analytics
