// What follows from a vertex's neighbours: degrees, cores, triangles, similarity.

#include <algorithm>

#include "analytics/cpu/kernels.h"
#include "analytics/cpu/parallel.h"
#include "analytics/similarity_ratio.h"

namespace llt::analytics::cpu {
namespace {

// Every edge once, from the end with fewer neighbours: no vertex then has many.
Csr oriented(const Csr& simple) {
  const auto before = [&](Vertex u, Vertex v) {
    return simple.degree(u) != simple.degree(v) ? simple.degree(u) < simple.degree(v) : u < v;
  };
  Csr half;
  half.targets.reserve(simple.arcs() / 2);
  for (Vertex u = 0; u < simple.vertices(); ++u) {
    for (const Vertex v : simple.row(u)) {
      if (before(u, v)) half.targets.push_back(v);
    }
    half.offsets.push_back(half.targets.size());
  }
  return half;
}

// Marks one vertex's neighbours, so that membership is one look-up.
class Marks {
 public:
  explicit Marks(Vertex vertices) : mark_(vertices, kNoVertex) {}
  void set(Vertex owner, std::span<const Vertex> members) {
    for (const Vertex v : members) mark_[v] = owner;
  }
  [[nodiscard]] bool has(Vertex owner, Vertex v) const { return mark_[v] == owner; }

 private:
  std::vector<Vertex> mark_;
};

std::vector<Marks> marks_for(const Csr& graph, unsigned threads) {
  return {threads, Marks(graph.vertices())};
}

constexpr std::size_t kVerticesATask = 1024;
std::size_t tasks_of(const Csr& graph) { return (graph.vertices() + kVerticesATask - 1) / kVerticesATask; }

template <class Visit>
void each_vertex_of_task(const Csr& graph, std::size_t task, Visit&& visit) {
  const std::size_t end = std::min<std::size_t>(graph.vertices(), (task + 1) * kVerticesATask);
  for (std::size_t u = task * kVerticesATask; u < end; ++u) visit(static_cast<Vertex>(u));
}

}  // namespace

Outcome degrees(const EdgeList& edges) {
  Outcome outcome;
  outcome.values.assign(edges.vertices, 0.0);
  for (std::size_t e = 0; e < edges.size(); ++e) {
    ++outcome.values[edges.source[e]];
    ++outcome.values[edges.target[e]];
  }
  return outcome;
}

// Vertices leave in the order of how many neighbours they have left (Batagelj and Zaversnik).
Outcome core_numbers(const Csr& simple) {
  const Vertex n = simple.vertices();
  std::vector<std::uint64_t> left(n);
  for (Vertex v = 0; v < n; ++v) left[v] = simple.degree(v);
  const std::uint64_t most = n == 0 ? 0 : *std::ranges::max_element(left);
  std::vector<std::uint64_t> begin(most + 2, 0);
  for (const std::uint64_t degree : left) ++begin[degree + 1];
  for (std::size_t d = 1; d < begin.size(); ++d) begin[d] += begin[d - 1];
  std::vector<Vertex> order(n);
  std::vector<std::uint64_t> place(n), next(begin.begin(), begin.end() - 1);
  for (Vertex v = 0; v < n; ++v) order[place[v] = next[left[v]]++] = v;
  Outcome outcome;
  outcome.values.assign(n, 0.0);
  for (std::uint64_t i = 0; i < n; ++i) {
    const Vertex v = order[i];
    outcome.values[v] = static_cast<double>(left[v]);
    for (const Vertex w : simple.row(v)) {
      if (left[w] <= left[v]) continue;
      // w swaps places with the first of its degree and moves over that degree's border.
      const std::uint64_t first = begin[left[w]]++;
      const Vertex other = order[first];
      std::swap(order[place[w]], order[first]);
      std::swap(place[w], place[other]);
      --left[w];
    }
  }
  return outcome;
}

Outcome triangles(const Csr& simple, unsigned threads) {
  const Csr half = oriented(simple);
  threads = thread_count(threads);
  auto marks = marks_for(half, threads);
  std::vector<std::vector<std::uint64_t>> counts(threads, std::vector<std::uint64_t>(half.vertices(), 0));
  each_task(tasks_of(half), threads, [&](std::size_t task, unsigned worker) {
    auto& count = counts[worker];
    each_vertex_of_task(half, task, [&](Vertex u) {
      marks[worker].set(u, half.row(u));
      for (const Vertex v : half.row(u)) {
        for (const Vertex w : half.row(v)) {
          if (!marks[worker].has(u, w)) continue;
          ++count[u];
          ++count[v];
          ++count[w];
        }
      }
    });
  });
  Outcome outcome;
  outcome.values.assign(half.vertices(), 0.0);
  for (Vertex v = 0; v < half.vertices(); ++v) {
    for (const auto& count : counts) outcome.values[v] += static_cast<double>(count[v]);
  }
  return outcome;
}

Outcome similarity(const Csr& simple, const Request& request) {
  const unsigned threads = thread_count(request.threads);
  auto marks = marks_for(simple, threads);
  std::vector<std::vector<EdgeValue>> parts(tasks_of(simple));
  each_task(parts.size(), threads, [&](std::size_t task, unsigned worker) {
    each_vertex_of_task(simple, task, [&](Vertex u) {
      marks[worker].set(u, simple.row(u));
      for (const Vertex v : simple.row(u)) {
        if (v < u) continue;
        const auto common = static_cast<std::uint64_t>(
            std::ranges::count_if(simple.row(v), [&](Vertex w) { return marks[worker].has(u, w); }));
        parts[task].push_back(
            {u, v, similarity_ratio(request.algorithm, common, simple.degree(u), simple.degree(v))});
      }
    });
  });
  Outcome outcome;
  for (auto& part : parts) outcome.edge_values.insert(outcome.edge_values.end(), part.begin(), part.end());
  return outcome;
}

}  // namespace llt::analytics::cpu
