#include "analytics/csr.h"

#include <algorithm>

namespace llt::analytics {
namespace {

struct Arc {
  Vertex from, to;
};

// Calls arc(from, to, edge) for every arc that the shape asks for, always in the same order.
template <class Visit>
void each_arc(const EdgeList& edges, CsrShape shape, Visit&& visit) {
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const Vertex u = edges.source[e], v = edges.target[e];
    if (u == v && !shape.loops) continue;
    if (shape.arcs != Arcs::in) visit(u, v, e);
    if (shape.arcs != Arcs::out && !(u == v && shape.arcs == Arcs::both)) visit(v, u, e);
  }
}

std::vector<std::uint64_t> begin_of(std::vector<std::uint64_t> counts) {
  std::uint64_t sum = 0;
  for (auto& count : counts) sum += std::exchange(count, sum);
  counts.push_back(sum);
  return counts;
}

// Arcs sorted by their row and in it by their target: sorted by target first, then stably by row.
Csr sorted_arcs(const EdgeList& edges, CsrShape shape) {
  std::vector<std::uint64_t> per_target(edges.vertices), per_row(edges.vertices);
  each_arc(edges, shape, [&](Vertex from, Vertex to, std::size_t) {
    ++per_target[to];
    ++per_row[from];
  });
  const bool weighted = edges.weighted();
  auto at = begin_of(std::move(per_target));
  const std::uint64_t count = at.back();
  std::vector<Arc> by_target(count);
  std::vector<double> weight_by_target(weighted ? count : 0);
  each_arc(edges, shape, [&](Vertex from, Vertex to, std::size_t e) {
    const std::uint64_t place = at[to]++;
    by_target[place] = {from, to};
    if (weighted) weight_by_target[place] = edges.weight[e];
  });
  Csr csr;
  csr.offsets = begin_of(std::move(per_row));
  csr.targets.resize(count);
  csr.weights.resize(weighted ? count : 0);
  std::vector<std::uint64_t> next(csr.offsets.begin(), csr.offsets.end() - 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t place = next[by_target[i].from]++;
    csr.targets[place] = by_target[i].to;
    if (weighted) csr.weights[place] = weight_by_target[i];
  }
  return csr;
}

bool has_parallel(const Csr& csr) {
  for (Vertex u = 0; u < csr.vertices(); ++u) {
    const auto row = csr.row(u);
    if (std::ranges::adjacent_find(row) != row.end()) return true;
  }
  return false;
}

// One arc for each run of equal targets in a row.
void merge_parallel(Csr& csr, Parallel rule) {
  if (csr.weights.empty() && rule == Parallel::sum) csr.weights.assign(csr.arcs(), 1.0);
  std::uint64_t kept = 0, begin = 0;
  for (Vertex u = 0; u < csr.vertices(); ++u) {
    const std::uint64_t end = csr.offsets[u + 1], row = kept;
    for (std::uint64_t i = begin; i < end; ++i) {
      if (kept > row && csr.targets[kept - 1] == csr.targets[i]) {
        if (csr.weights.empty()) continue;
        double& weight = csr.weights[kept - 1];
        weight = rule == Parallel::sum ? weight + csr.weights[i] : std::min(weight, csr.weights[i]);
        continue;
      }
      csr.targets[kept] = csr.targets[i];
      if (!csr.weights.empty()) csr.weights[kept] = csr.weights[i];
      ++kept;
    }
    begin = end;
    csr.offsets[u + 1] = kept;
  }
  csr.targets.resize(kept);
  if (!csr.weights.empty()) csr.weights.resize(kept);
}

}  // namespace

Csr build_csr(const EdgeList& edges, CsrShape shape) {
  Csr csr = sorted_arcs(edges, shape);
  if (has_parallel(csr)) merge_parallel(csr, shape.parallel);
  return csr;
}

}  // namespace llt::analytics
