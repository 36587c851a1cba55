// Louvain and Leiden: how much work a graph is worth.

#include <algorithm>
#include <numeric>
#include <utility>

#include "analytics/cpu/kernels.h"
#include "analytics/cpu/leiden.h"
#include "analytics/modularity.h"

namespace llt::analytics::cpu {
namespace {

// Further rounds improve small graphs now and then, large ones hardly.
int rounds_for(const Csr& both) {
  constexpr std::uint64_t kSmallArcs = 50'000;
  return both.arcs() <= kSmallArcs ? 10 : 2;
}

// The answer depends on the order in which vertices are looked at. On a small graph, where that matters most
// and costs least, the best of several orders is taken.
std::uint64_t starts_for(const Csr& both) {
  constexpr std::uint64_t kSmallArcs = 35'000, kMost = 10;
  return std::clamp<std::uint64_t>(kSmallArcs / std::max<std::uint64_t>(1, both.arcs()), 1, kMost);
}

/// `found`, where there is one, is what the first start begins with.
std::vector<Vertex> best_groups(const Csr& both, const Request& request, std::vector<Vertex> found) {
  std::vector<Vertex> best;
  std::optional<double> best_score;
  for (std::uint64_t start = 0; start < starts_for(both); ++start) {
    auto groups = find_groups(both, {.resolution = request.resolution,
                                     .seed = request.seed + start,
                                     .refine = request.algorithm == Algorithm::leiden,
                                     .rounds = rounds_for(both),
                                     .begin = std::exchange(found, {})});
    const auto score = modularity(both, groups, request.resolution);
    if (best_score && *score <= *best_score) continue;
    best = std::move(groups);
    best_score = score;
  }
  return best;
}

}  // namespace

Outcome communities(const Csr& both, const Request& request) { return better_communities(both, request, {}); }

Outcome better_communities(const Csr& both, const Request& request, std::vector<Vertex> found) {
  Outcome outcome;
  outcome.groups.resize(both.vertices());
  std::iota(outcome.groups.begin(), outcome.groups.end(), Vertex{0});
  const bool weighs = modularity(both, outcome.groups, request.resolution).has_value();
  // Otherwise every vertex stays alone.
  if (weighs) outcome.groups = best_groups(both, request, std::move(found));
  number_by_size(outcome);
  outcome.modularity = modularity(both, outcome.groups, request.resolution);
  return outcome;
}

}  // namespace llt::analytics::cpu
