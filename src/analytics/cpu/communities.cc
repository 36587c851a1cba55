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

struct Found {
  std::vector<Vertex> groups;
  double score;  // their modularity
};

// `begin`, where there is one, is what the search begins with.
Found search(const Csr& both, const Request& request, std::uint64_t start, std::vector<Vertex> begin) {
  auto groups = find_groups(both, {.resolution = request.resolution,
                                   .seed = request.seed + start,
                                   .refine = request.algorithm == Algorithm::leiden,
                                   .rounds = rounds_for(both),
                                   .begin = std::move(begin)});
  const double score = *modularity(both, groups, request.resolution);
  return {std::move(groups), score};
}

Found best_of_starts(const Csr& both, const Request& request) {
  Found best = search(both, request, 0, {});
  for (std::uint64_t start = 1; start < starts_for(both); ++start) {
    Found found = search(both, request, start, {});
    if (found.score > best.score) best = std::move(found);
  }
  return best;
}

// A search that begins far from every optimum ends in one near by, which need not be a good one.
bool began_far_off(double before, double after) {
  constexpr double kFar = 1.15;
  return after > before * kFar;
}

Found best_from(const Csr& both, const Request& request, std::vector<Vertex> groups) {
  const double before = *modularity(both, groups, request.resolution);
  Found best = search(both, request, 0, std::move(groups));
  if (starts_for(both) == 1 && !began_far_off(before, best.score)) return best;
  Found anew = best_of_starts(both, request);
  return anew.score > best.score ? anew : best;
}

}  // namespace

Outcome communities(const Csr& both, const Request& request) { return better_communities(both, request, {}); }

Outcome better_communities(const Csr& both, const Request& request, std::vector<Vertex> found) {
  Outcome outcome;
  outcome.groups.resize(both.vertices());
  std::iota(outcome.groups.begin(), outcome.groups.end(), Vertex{0});
  const bool weighs = modularity(both, outcome.groups, request.resolution).has_value();
  // Otherwise every vertex stays alone.
  if (weighs) {
    outcome.groups =
        (found.empty() ? best_of_starts(both, request) : best_from(both, request, std::move(found))).groups;
  }
  number_by_size(outcome);
  outcome.modularity = modularity(both, outcome.groups, request.resolution);
  return outcome;
}

}  // namespace llt::analytics::cpu
