#pragma once
// Documents as a graph: each joined to the most similar others.

#include "analytics/described_graph.h"
#include "analytics/nearest.h"
#include "analytics/text/documents.h"

namespace llt::analytics {

/// `neighbours` as nearest() gives them for the documents' vectors. An edge weighs the cosine; what is less
/// similar than `least`, or not similar at all (0 and below), is left out.
[[nodiscard]] DescribedGraph similar_graph(const std::vector<Document>& documents,
                                           const std::vector<Neighbour>& neighbours, double least);

}  // namespace llt::analytics
