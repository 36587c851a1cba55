#include "analytics/csr.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace llt::analytics {
namespace {

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

// Arcs by their row, in each as the edges come.
Csr arcs_by_row(const EdgeList& edges, CsrShape shape) {
  std::vector<std::uint64_t> per_row(edges.vertices);
  each_arc(edges, shape, [&](Vertex from, Vertex, std::size_t) { ++per_row[from]; });
  const bool weighted = edges.weighted();
  Csr csr;
  csr.offsets = begin_of(std::move(per_row));
  csr.targets.resize(csr.offsets.back());
  csr.weights.resize(weighted ? csr.offsets.back() : 0);
  std::vector<std::uint64_t> next(csr.offsets.begin(), csr.offsets.end() - 1);
  each_arc(edges, shape, [&](Vertex from, Vertex to, std::size_t e) {
    const std::uint64_t place = next[from]++;
    csr.targets[place] = to;
    if (weighted) csr.weights[place] = edges.weight[e];
  });
  return csr;
}

bool rows_sorted(const Csr& csr) {
  for (Vertex u = 0; u < csr.vertices(); ++u) {
    if (!std::ranges::is_sorted(csr.row(u))) return false;
  }
  return true;
}

// Every arc the other way round. Rows are then sorted, equal targets as they came, so that the weights of
// parallel edges are added in the order of the input: cheaper than sorting each row.
Csr transposed(const Csr& csr) {
  std::vector<std::uint64_t> per_row(csr.vertices());
  for (const Vertex to : csr.targets) ++per_row[to];
  Csr other;
  other.offsets = begin_of(std::move(per_row));
  other.targets.resize(csr.targets.size());
  other.weights.resize(csr.weights.size());
  std::vector<std::uint64_t> next(other.offsets.begin(), other.offsets.end() - 1);
  for (Vertex u = 0; u < csr.vertices(); ++u) {
    for (std::uint64_t arc = csr.offsets[u]; arc < csr.offsets[u + 1]; ++arc) {
      const std::uint64_t place = next[csr.targets[arc]]++;
      other.targets[place] = u;
      if (!csr.weights.empty()) other.weights[place] = csr.weights[arc];
    }
  }
  return other;
}

// Lists of edges are often sorted, and then so are the rows as they come.
Csr sorted_arcs(const EdgeList& edges, CsrShape shape) {
  Csr csr = arcs_by_row(edges, shape);
  if (rows_sorted(csr)) return csr;
  if (shape.arcs == Arcs::both) return transposed(csr);
  csr = {};
  shape.arcs = shape.arcs == Arcs::out ? Arcs::in : Arcs::out;
  return transposed(arcs_by_row(edges, shape));
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

// ForceAtlas2 is made for weights around 1: springs a hundred times as strong swing and never rest, however
// the speed is chosen. Weights here are milliseconds, bytes and calls, over many powers of ten.
void make_pulls(std::vector<double>& weights) {
  constexpr double kStrongest = 10;
  std::vector<double> known;
  std::ranges::copy_if(weights, std::back_inserter(known), [](double weight) { return weight > 0; });
  if (known.empty()) return;
  const auto middle = known.begin() + static_cast<std::ptrdiff_t>((known.size() - 1) / 2);
  std::ranges::nth_element(known, middle);
  for (double& weight : weights) weight = std::min(std::log2(1 + weight / *middle), kStrongest);
}

}  // namespace

Csr build_csr(const EdgeList& edges, CsrShape shape) {
  Csr csr = sorted_arcs(edges, shape);
  if (has_parallel(csr)) merge_parallel(csr, shape.parallel);
  if (shape.pulls) make_pulls(csr.weights);
  return csr;
}

}  // namespace llt::analytics
