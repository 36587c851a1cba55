// Louvain and Leiden by NetworKit. No other file knows its types.

#include <algorithm>
#include <networkit/auxiliary/Log.hpp>
#include <networkit/auxiliary/Parallelism.hpp>
#include <networkit/auxiliary/Random.hpp>
#include <networkit/community/PLM.hpp>
#include <networkit/community/ParallelLeiden.hpp>
#include <numeric>

#include "analytics/cpu/kernels.h"
#include "analytics/modularity.h"

namespace llt::analytics::cpu {
namespace {

constexpr std::uint64_t kSmallArcs = 50'000;

// Further rounds improve small graphs now and then, large ones hardly.
int leiden_rounds(const NetworKit::Graph& graph) { return graph.numberOfEdges() * 2 <= kSmallArcs ? 10 : 3; }

NetworKit::Graph networkit_graph(const Csr& both) {
  NetworKit::Graph graph(both.vertices(), !both.weights.empty(), false);
  std::uint64_t loops = 0;
  for (Vertex u = 0; u < both.vertices(); ++u) {
    graph.preallocateUndirected(u, both.degree(u));
    for (std::uint64_t arc = both.offsets[u]; arc < both.offsets[u + 1]; ++arc) {
      const Vertex v = both.targets[arc];
      graph.addPartialEdge(NetworKit::unsafe, u, v, both.weight(arc));
      if (u == v) ++loops;
    }
  }
  graph.setEdgeCount(NetworKit::unsafe, (both.arcs() + loops) / 2);
  graph.setNumberOfSelfLoops(NetworKit::unsafe, loops);
  return graph;
}

std::vector<Vertex> groups_of(const NetworKit::Partition& partition, Vertex vertices) {
  std::vector<Vertex> groups(vertices);
  NetworKit::Partition compact = partition;
  compact.compact();
  for (Vertex v = 0; v < vertices; ++v) groups[v] = static_cast<Vertex>(compact.subsetOf(v));
  return groups;
}

std::vector<Vertex> detect(const NetworKit::Graph& graph, const Request& request, Vertex vertices) {
  if (request.algorithm == Algorithm::louvain) {
    NetworKit::PLM louvain(graph, true, request.resolution, "none randomized");
    louvain.run();
    return groups_of(louvain.getPartition(), vertices);
  }
  NetworKit::ParallelLeiden leiden(graph, leiden_rounds(graph), true, request.resolution);
  leiden.run();
  return groups_of(leiden.getPartition(), vertices);
}

// The answer depends on the order in which vertices are looked at. On a small graph, where that matters most
// and costs least, the best of several orders is taken.
int starts_for(const Csr& both) {
  constexpr std::uint64_t kMost = 10;
  return static_cast<int>(
      std::clamp<std::uint64_t>(kSmallArcs / std::max<std::uint64_t>(1, both.arcs()), 1, kMost));
}

std::vector<Vertex> best_groups(const Csr& both, const Request& request) {
  Aux::Log::setLogLevel("FATAL");
  Aux::setNumberOfThreads(1);  // its threads race: one gives the same answer every time
  Aux::Random::setSeed(request.seed, false);
  const NetworKit::Graph graph = networkit_graph(both);
  std::vector<Vertex> best;
  std::optional<double> best_score;
  for (int start = starts_for(both); start > 0; --start) {
    auto groups = detect(graph, request, both.vertices());
    const auto score = modularity(both, groups, request.resolution);
    if (best_score && *score <= *best_score) continue;
    best = std::move(groups);
    best_score = score;
  }
  return best;
}

}  // namespace

Result<Outcome> communities(const Csr& both, const Request& request) {
  Outcome outcome;
  outcome.groups.resize(both.vertices());
  std::iota(outcome.groups.begin(), outcome.groups.end(), Vertex{0});
  const bool weighs = modularity(both, outcome.groups, request.resolution).has_value();
  try {
    if (weighs) outcome.groups = best_groups(both, request);  // otherwise every vertex stays alone
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::resource_exhausted, "the graph does not fit into memory");
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, std::string("NetworKit: ") + error.what());
  }
  number_by_size(outcome);
  outcome.modularity = modularity(both, outcome.groups, request.resolution);
  return outcome;
}

}  // namespace llt::analytics::cpu
