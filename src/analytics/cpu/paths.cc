#include <algorithm>
#include <limits>
#include <queue>

#include "analytics/cpu/kernels.h"

namespace llt::analytics::cpu {
namespace {

constexpr double kNoPath = std::numeric_limits<double>::infinity();

Outcome nothing_reached(const Csr& graph, Vertex from) {
  Outcome outcome;
  outcome.distances.assign(graph.vertices(), kNoPath);
  outcome.predecessors.assign(graph.vertices(), kNoVertex);
  outcome.distances[from] = 0;
  return outcome;
}

Outcome search(const Csr& out, Vertex from, double radius) {
  Outcome outcome = nothing_reached(out, from);
  std::vector<char> seen(out.vertices(), false);  // asked once an arc: smaller than the distances
  seen[from] = true;
  std::vector<Vertex> order{from};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Vertex u = order[i];
    const double next = outcome.distances[u] + 1;
    if (next > radius) break;
    for (const Vertex v : out.row(u)) {
      if (seen[v]) continue;
      seen[v] = true;
      outcome.distances[v] = next;
      outcome.predecessors[v] = u;
      order.push_back(v);
    }
  }
  return outcome;
}

}  // namespace

Outcome hops(const Csr& out, Vertex from) { return search(out, from, kNoPath); }

// Dijkstra's algorithm; of several shortest ways the one found first in the order of distances stays.
Outcome shortest_paths(const Csr& out, Vertex from) {
  Outcome outcome = nothing_reached(out, from);
  using Entry = std::pair<double, Vertex>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> waiting;
  waiting.emplace(0.0, from);
  while (!waiting.empty()) {
    const auto [distance, u] = waiting.top();
    waiting.pop();
    if (distance > outcome.distances[u]) continue;
    for (std::uint64_t arc = out.offsets[u]; arc < out.offsets[u + 1]; ++arc) {
      const Vertex v = out.targets[arc];
      const double through = distance + out.weight(arc);
      if (through >= outcome.distances[v]) continue;
      outcome.distances[v] = through;
      outcome.predecessors[v] = u;
      waiting.emplace(through, v);
    }
  }
  return outcome;
}

Outcome ego(const Csr& out, const Request& request) {
  return neighbourhood(out, request, search(out, request.from.front(), request.radius).distances);
}

Outcome neighbourhood(const Csr& out, const Request& request, std::vector<double> distances) {
  Outcome outcome;
  outcome.distances = std::move(distances);
  std::ranges::replace_if(
      outcome.distances, [&](double distance) { return distance > request.radius; }, kNoPath);
  const bool directed = takes_direction(request);
  const auto inside = [&](Vertex v) { return outcome.distances[v] != kNoPath; };
  for (Vertex u = 0; u < out.vertices(); ++u) {
    if (!inside(u)) continue;
    for (std::uint64_t arc = out.offsets[u]; arc < out.offsets[u + 1]; ++arc) {
      const Vertex v = out.targets[arc];
      if (inside(v) && (directed || v >= u)) outcome.edge_values.push_back({u, v, out.weight(arc)});
    }
  }
  return outcome;
}

}  // namespace llt::analytics::cpu
