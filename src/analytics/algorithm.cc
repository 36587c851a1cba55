#include "analytics/algorithm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

namespace llt::analytics {
namespace {

using enum Algorithm;
constexpr std::array<AlgorithmInfo, 16> kAlgorithms{{
    {pagerank, "pagerank", Direction::directed, Answer::ranking, false,
     "where a random walk along the edges spends its time"},
    {louvain, "louvain", Direction::always_undirected, Answer::communities, false,
     "communities by modularity"},
    {leiden, "leiden", Direction::always_undirected, Answer::communities, false,
     "the same, each community connected"},
    {betweenness, "betweenness", Direction::undirected, Answer::ranking, false,
     "share of shortest paths through a vertex"},
    {edge_betweenness, "edge-betweenness", Direction::undirected, Answer::edge_ranking, false,
     "share of shortest paths along an edge"},
    {components, "components", Direction::always_undirected, Answer::components, false,
     "what is connected at all"},
    {strong_components, "strong-components", Direction::always_directed, Answer::components, false,
     "what reaches each other along the edges"},
    {kcore, "kcore", Direction::always_undirected, Answer::ranking, false,
     "the largest k of a part in which all have k neighbours"},
    {triangles, "triangles", Direction::always_undirected, Answer::ranking, false,
     "pairs of neighbours that are neighbours themselves"},
    {degree, "degree", Direction::always_directed, Answer::ranking, false,
     "edges at a vertex, parallel ones counted each"},
    {jaccard, "jaccard", Direction::always_undirected, Answer::edge_ranking, false,
     "of two joined vertices: common neighbours among all of both"},
    {overlap, "overlap", Direction::always_undirected, Answer::edge_ranking, false,
     "of two joined vertices: common neighbours among those of the one with fewer"},
    {bfs, "bfs", Direction::directed, Answer::paths, true, "fewest edges from one vertex to all"},
    {sssp, "sssp", Direction::directed, Answer::paths, true,
     "smallest sum of weights from one vertex to all"},
    {ego, "ego", Direction::undirected, Answer::neighbourhood, true, "what is near one vertex"},
    {layout, "layout", Direction::always_undirected, Answer::positions, false,
     "a place in the plane for every vertex (ForceAtlas2)"},
}};

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::invalid_argument, std::move(message));
}

}  // namespace

std::span<const AlgorithmInfo> algorithms() { return kAlgorithms; }

const AlgorithmInfo& info_of(Algorithm algorithm) {
  const auto found = std::ranges::find(kAlgorithms, algorithm, &AlgorithmInfo::id);
  LLT_CHECK(found != kAlgorithms.end());
  return *found;
}

const AlgorithmInfo* find_algorithm(std::string_view name) {
  const auto found = std::ranges::find(kAlgorithms, name, &AlgorithmInfo::name);
  return found == kAlgorithms.end() ? nullptr : &*found;
}

bool takes_direction(const Request& request) {
  switch (info_of(request.algorithm).direction) {
    case Direction::directed:
      return request.directed.value_or(true);
    case Direction::undirected:
      return request.directed.value_or(false);
    case Direction::always_directed:
      return true;
    case Direction::always_undirected:
      break;
  }
  return false;
}

Result<> check(const Request& request, Vertex vertices) {
  const AlgorithmInfo& info = info_of(request.algorithm);
  if (request.directed && info.direction == Direction::always_directed && !*request.directed)
    return wrong(fmt::format("{} is about directed edges only", info.name));
  if (request.directed && info.direction == Direction::always_undirected && *request.directed)
    return wrong(fmt::format("{} takes edges as undirected", info.name));
  if (info.starts_somewhere && request.from.size() != 1)
    return wrong(fmt::format("{} needs one vertex to begin with", info.name));
  if (!std::ranges::all_of(request.from, [&](Vertex v) { return v < vertices; }))
    return wrong("there is no such vertex to begin with");
  if (!(request.damping >= 0 && request.damping <= kMostDamping))
    return wrong(fmt::format("the damping must be at least 0 and at most {}", kMostDamping));
  if (!(request.resolution >= 0) || std::isinf(request.resolution))
    return wrong("the resolution must not be negative");
  if (request.samples == 0U) return wrong("sampling needs at least one source");
  return {};
}

std::vector<Vertex> sampled_sources(Vertex vertices, Vertex samples, std::uint64_t seed) {
  std::vector<Vertex> all(vertices);
  std::iota(all.begin(), all.end(), Vertex{0});
  if (samples >= vertices) return all;
  // Not std::shuffle and its kin: their results are the library's choice, and they shall never change.
  std::mt19937_64 random(seed);
  for (Vertex i = 0; i < samples; ++i) std::swap(all[i], all[i + random() % (vertices - i)]);
  all.resize(samples);
  std::ranges::sort(all);
  return all;
}

void number_by_size(Outcome& outcome) {
  const auto largest = std::ranges::max_element(outcome.groups);
  const std::size_t bound = largest == outcome.groups.end() ? 0 : std::size_t{*largest} + 1;
  std::vector<Vertex> size(bound, 0), first(bound, kNoVertex);
  for (Vertex v = 0; v < outcome.groups.size(); ++v) {
    const Vertex group = outcome.groups[v];
    if (size[group]++ == 0) first[group] = v;
  }
  std::vector<Vertex> order;
  for (Vertex group = 0; group < bound; ++group) {
    if (size[group] != 0) order.push_back(group);
  }
  std::ranges::sort(order, [&](Vertex a, Vertex b) {
    return size[a] != size[b] ? size[a] > size[b] : first[a] < first[b];
  });
  std::vector<Vertex> number(bound, 0);
  for (Vertex i = 0; i < order.size(); ++i) number[order[i]] = i;
  for (Vertex& group : outcome.groups) group = number[group];
  outcome.group_count = static_cast<Vertex>(order.size());
}

}  // namespace llt::analytics
