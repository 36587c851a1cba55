#pragma once
// A graph as it was given: edges between numbered vertices, and the id each vertex had in the input.

#include <cstdint>
#include <vector>

#include "analytics/ids.h"

namespace llt::analytics {

using Vertex = std::uint32_t;
inline constexpr Vertex kNoVertex = UINT32_MAX;

/// Edges in the order of the input, parallel ones and loops included.
struct EdgeList {
  Vertex vertices = 0;
  std::vector<Vertex> source, target;
  std::vector<double> weight;  ///< finite and not negative; empty: every edge weighs 1

  [[nodiscard]] std::size_t size() const noexcept { return source.size(); }
  [[nodiscard]] bool weighted() const noexcept { return !weight.empty(); }
  void add(Vertex from, Vertex to) {
    source.push_back(from);
    target.push_back(to);
  }
  void add(Vertex from, Vertex to, double w) {
    add(from, to);
    weight.push_back(w);
  }
};

struct NamedGraph {
  EdgeList edges;
  IdTable ids;
};

}  // namespace llt::analytics
