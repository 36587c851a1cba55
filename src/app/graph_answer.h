#pragma once
// A graph, what was asked of it and what came out, on the way to stdout.

#include <functional>
#include <string>
#include <vector>

#include "analytics/described_graph.h"
#include "analytics/session.h"

namespace llt::app {

struct GraphAnswer {
  const analytics::DescribedGraph& input;
  const analytics::Request& request;
  const analytics::Run& run;

  /// A vertex in words: its label where it has one, otherwise its id.
  [[nodiscard]] std::string name(analytics::Vertex v) const;
  /// All that is known of a vertex in words; empty where its id is a number and nothing else is known.
  [[nodiscard]] std::string words(analytics::Vertex v) const;
};

using Print = std::function<bool(std::string_view)>;

/// One JSON document, handed on in pieces. False when `print` wanted no more.
[[nodiscard]] bool write_graph_json(const GraphAnswer& answer, const Print& print);

/// For a terminal: findings, then the first `rows` rows.
[[nodiscard]] std::string graph_text(const GraphAnswer& answer, std::size_t rows, std::size_t width);

}  // namespace llt::app
