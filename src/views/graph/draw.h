#pragma once
// From a graph and the answers about it to its picture. Pure.

#include <span>
#include <vector>

#include "analytics/described_graph.h"
#include "analytics/session.h"
#include "views/graph/picture.h"

namespace llt::views {

/// One thing that was asked and what came out.
struct Answered {
  analytics::Request request;
  analytics::Run run;
};

/// The columns label, id, degree, weight, then those of the answers (x and y for places), then `columns`.
/// `answers` begins with what the user asked for, whose findings are said first.
[[nodiscard]] Picture draw_picture(const analytics::DescribedGraph& graph, std::span<const Answered> answers,
                                   std::vector<Column> columns);

}  // namespace llt::views
