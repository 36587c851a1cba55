#pragma once
// Groups of vertices that are joined more than chance would join them: Leiden, and Louvain, which is the same
// without refinement.

#include "analytics/csr.h"

namespace llt::analytics::cpu {

struct GroupSearch {
  double resolution = 1;
  std::uint64_t seed = 1;  ///< of the order in which vertices are looked at
  bool refine = true;      ///< Leiden: every group is connected by edges that weigh something
  int rounds = 2;          ///< each begins with the groups of the one before; ends when one changes nothing
  /// Of each vertex, the group to begin with, numbered below the number of vertices. Empty: each alone.
  std::vector<Vertex> begin = {};
};

/// The group of each vertex, numbered from 0. `both`: Arcs::both. The groups' modularity is a local optimum
/// or near one. One thread; memory in proportion to the graph.
[[nodiscard]] std::vector<Vertex> find_groups(const Csr& both, const GroupSearch& how);

}  // namespace llt::analytics::cpu
