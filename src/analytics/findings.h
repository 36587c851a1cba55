#pragma once
// What an answer says, in sentences.

#include <functional>
#include <string>
#include <vector>

#include "analytics/algorithm.h"

namespace llt::analytics {

/// How a vertex is called in a sentence.
using NameOf = std::function<std::string(Vertex)>;

/// A few sentences about an answer, the most telling first. `words` gives all that is known of a vertex, from
/// which groups get their names; nothing: they get none.
[[nodiscard]] std::vector<std::string> findings(const EdgeList& edges, const Request& request,
                                                const Outcome& outcome, const NameOf& name,
                                                const NameOf& words = nullptr);

/// Vertices by value, the largest first, equal ones in their own order.
[[nodiscard]] std::vector<Vertex> ranked(const std::vector<double>& values);

}  // namespace llt::analytics
