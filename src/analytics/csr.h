#pragma once
// Adjacency in compressed rows: what every algorithm works on.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "analytics/edges.h"

namespace llt::analytics {

/// Which arcs a row holds.
enum class Arcs : std::uint8_t {
  out,   ///< of u: the targets of its edges
  in,    ///< of u: the sources of the edges to it
  both,  ///< every edge in both rows; a loop once
};

/// What becomes of several edges between the same two vertices: always one arc, with this weight.
enum class Parallel : std::uint8_t {
  sum,       ///< the sum; an edge without a weight counts 1
  shortest,  ///< the smallest
};

struct CsrShape {
  Arcs arcs = Arcs::both;
  Parallel parallel = Parallel::sum;
  bool loops = true;   ///< false: loops are left out
  bool pulls = false;  ///< for layouts: 1 for the median weight, the others by logarithm
  bool operator==(const CsrShape&) const = default;
};

/// Row u is targets[offsets[u]] to targets[offsets[u + 1] - 1], ascending, each target once.
struct Csr {
  std::vector<std::uint64_t> offsets{0};
  std::vector<Vertex> targets;
  std::vector<double> weights;  ///< beside targets; empty: every arc weighs 1

  [[nodiscard]] Vertex vertices() const noexcept { return static_cast<Vertex>(offsets.size() - 1); }
  [[nodiscard]] std::uint64_t arcs() const noexcept { return targets.size(); }
  [[nodiscard]] std::uint64_t degree(Vertex u) const noexcept { return offsets[u + 1] - offsets[u]; }
  [[nodiscard]] std::span<const Vertex> row(Vertex u) const noexcept {
    return {targets.data() + offsets[u], degree(u)};
  }
  /// The arc from u to v, which is there.
  [[nodiscard]] std::uint64_t find(Vertex u, Vertex v) const noexcept {
    return offsets[u] + static_cast<std::uint64_t>(std::ranges::lower_bound(row(u), v) - row(u).begin());
  }
  [[nodiscard]] double weight(std::uint64_t arc) const noexcept {
    return weights.empty() ? 1.0 : weights[arc];
  }
};

[[nodiscard]] Csr build_csr(const EdgeList& edges, CsrShape shape);

}  // namespace llt::analytics
