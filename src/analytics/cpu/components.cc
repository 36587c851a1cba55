#include <numeric>

#include "analytics/cpu/kernels.h"

namespace llt::analytics::cpu {
namespace {

// Tarjan's algorithm without recursion: a path of a million vertices must not need a million stack frames.
class Strong {
 public:
  explicit Strong(const Csr& out)
      : out_(out), low_(out.vertices(), 0), next_arc_(out.offsets.begin(), out.offsets.end() - 1) {
    outcome_.groups.assign(out.vertices(), kNoVertex);
  }

  Outcome run() {
    for (Vertex v = 0; v < out_.vertices(); ++v) {
      if (low_[v] == 0) explore(v);
    }
    return std::move(outcome_);
  }

 private:
  void enter(Vertex v) {
    low_[v] = ++seen_;
    open_.push_back(v);
    path_.push_back({v, seen_});
  }

  void explore(Vertex root) {
    enter(root);
    while (!path_.empty()) {
      const auto [v, own] = path_.back();
      if (next_arc_[v] < out_.offsets[v + 1]) {
        const Vertex w = out_.targets[next_arc_[v]++];
        if (low_[w] == 0)
          enter(w);
        else if (outcome_.groups[w] == kNoVertex)
          low_[v] = std::min(low_[v], low_[w]);
        continue;
      }
      path_.pop_back();
      if (low_[v] == own) close(v);
      if (!path_.empty()) low_[path_.back().first] = std::min(low_[path_.back().first], low_[v]);
    }
  }

  // v is the first seen of a component: it and all above it on the stack.
  void close(Vertex v) {
    Vertex member = kNoVertex;
    while (member != v) {
      member = open_.back();
      open_.pop_back();
      outcome_.groups[member] = outcome_.group_count;
    }
    ++outcome_.group_count;
  }

  const Csr& out_;
  Outcome outcome_;
  std::vector<Vertex> low_;  // 0: not seen
  std::vector<std::uint64_t> next_arc_;
  std::vector<Vertex> open_;
  std::vector<std::pair<Vertex, Vertex>> path_;  // vertex, its own number
  Vertex seen_ = 0;
};

}  // namespace

Outcome weak_components(const EdgeList& edges) {
  std::vector<Vertex> parent(edges.vertices);
  std::iota(parent.begin(), parent.end(), Vertex{0});
  const auto root = [&](Vertex v) {
    while (parent[v] != v) v = parent[v] = parent[parent[v]];
    return v;
  };
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const Vertex a = root(edges.source[e]), b = root(edges.target[e]);
    parent[std::max(a, b)] = std::min(a, b);
  }
  Outcome outcome;
  outcome.groups.resize(edges.vertices);
  for (Vertex v = 0; v < edges.vertices; ++v) outcome.groups[v] = root(v);
  number_by_size(outcome);
  return outcome;
}

Outcome strong_components(const Csr& out) {
  Outcome outcome = Strong(out).run();
  number_by_size(outcome);
  return outcome;
}

}  // namespace llt::analytics::cpu
