#pragma once
// Why something is at the top of a ranking: what can be seen of it in the edges themselves.

#include <optional>
#include <span>
#include <vector>

#include "analytics/edges.h"

namespace llt::analytics {

/// The neighbours from which most comes to `vertex`, the strongest first, at most `most`: an edge brings its
/// weight times the neighbour's value. Without `directed`, edges away from it count as well.
[[nodiscard]] std::vector<Vertex> strongest_givers(const EdgeList& edges, std::span<const double> values,
                                                   Vertex vertex, bool directed, std::size_t most);

/// The others that `vertex` has edges with, ascending, each once.
[[nodiscard]] std::vector<Vertex> neighbours_of(const EdgeList& edges, Vertex vertex);

/// The sizes of the parts, the largest first, into which what is connected with `vertex` falls without it.
[[nodiscard]] std::vector<Vertex> parts_without(const EdgeList& edges, Vertex vertex);

/// Likewise without the edges between two vertices.
[[nodiscard]] std::vector<Vertex> parts_without(const EdgeList& edges, Vertex one, Vertex other);

}  // namespace llt::analytics
