#include "analytics/why.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

namespace llt::analytics {
namespace {

class ConnectedParts {
 public:
  explicit ConnectedParts(Vertex vertices) : parent_(vertices) {
    std::iota(parent_.begin(), parent_.end(), Vertex{0});
  }

  Vertex of(Vertex v) {
    while (parent_[v] != v) v = parent_[v] = parent_[parent_[v]];
    return v;
  }
  void join(Vertex a, Vertex b) {
    a = of(a), b = of(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<Vertex> parent_;
};

// The sizes of the parts that hold one of `near`, when only edges that `stays` allows join.
template <class Stays>
std::vector<Vertex> sizes_near(const EdgeList& edges, const std::vector<Vertex>& near, Stays&& stays) {
  ConnectedParts parts(edges.vertices);
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (stays(edges.source[e], edges.target[e])) parts.join(edges.source[e], edges.target[e]);
  }
  std::map<Vertex, Vertex> size;
  for (const Vertex v : near) size.try_emplace(parts.of(v), 0);
  for (Vertex v = 0; v < edges.vertices; ++v) {
    if (const auto found = size.find(parts.of(v)); found != size.end()) ++found->second;
  }
  std::vector<Vertex> sizes;
  sizes.reserve(size.size());
  for (const auto& [part, members] : size) sizes.push_back(members);
  std::ranges::sort(sizes, std::greater<>());
  return sizes;
}

}  // namespace

std::vector<Vertex> strongest_givers(const EdgeList& edges, std::span<const double> values, Vertex vertex,
                                     bool directed, std::size_t most) {
  std::map<Vertex, double> given;
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const Vertex from = edges.source[e], to = edges.target[e];
    if (from == to || (to != vertex && (directed || from != vertex))) continue;
    const Vertex giver = to == vertex ? from : to;
    given[giver] += values[giver] * (edges.weighted() ? edges.weight[e] : 1);
  }
  std::vector<std::pair<double, Vertex>> order;
  order.reserve(given.size());
  for (const auto& [giver, value] : given) order.emplace_back(value, giver);
  std::ranges::stable_sort(order, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Vertex> givers;
  for (std::size_t i = 0; i < std::min(most, order.size()); ++i) givers.push_back(order[i].second);
  return givers;
}

std::vector<Vertex> neighbours_of(const EdgeList& edges, Vertex vertex) {
  std::vector<Vertex> found;
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (edges.source[e] == vertex && edges.target[e] != vertex) found.push_back(edges.target[e]);
    if (edges.target[e] == vertex && edges.source[e] != vertex) found.push_back(edges.source[e]);
  }
  std::ranges::sort(found);
  const auto doubles = std::ranges::unique(found);
  found.erase(doubles.begin(), doubles.end());
  return found;
}

std::vector<Vertex> parts_without(const EdgeList& edges, Vertex vertex) {
  return sizes_near(edges, neighbours_of(edges, vertex),
                    [=](Vertex from, Vertex to) { return from != vertex && to != vertex; });
}

std::vector<Vertex> parts_without(const EdgeList& edges, Vertex one, Vertex other) {
  return sizes_near(edges, {one, other}, [=](Vertex from, Vertex to) {
    return !(from == one && to == other) && !(from == other && to == one);
  });
}

}  // namespace llt::analytics
