#include "views/graph/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <limits>

#include "analytics/findings.h"

namespace llt::views {
namespace {

using analytics::Answer;
using analytics::EdgeList;
using analytics::Vertex;
using Json = nlohmann::ordered_json;

std::string name_of(const analytics::DescribedGraph& graph, Vertex v) {
  return graph.labels.empty() || graph.labels[v].empty() ? graph.graph.ids.text(v) : graph.labels[v];
}

template <class From>
std::vector<float> floats(const std::vector<From>& values) {
  std::vector<float> out;
  out.reserve(values.size());
  for (const From value : values)
    out.push_back(std::isfinite(static_cast<double>(value)) ? static_cast<float>(value)
                                                            : std::numeric_limits<float>::quiet_NaN());
  return out;
}

void add_own_columns(const analytics::DescribedGraph& graph, Picture& picture) {
  const EdgeList& edges = graph.graph.edges;
  std::vector<std::string> ids, labels;
  for (Vertex v = 0; v < edges.vertices; ++v) {
    ids.push_back(graph.graph.ids.text(v));
    labels.push_back(name_of(graph, v));
  }
  std::vector<float> degree(edges.vertices, 0), weight(edges.vertices, 0);
  for (std::size_t e = 0; e < edges.size(); ++e) {
    for (const Vertex v : {edges.source[e], edges.target[e]}) {
      degree[v] += 1;
      weight[v] += edges.weighted() ? static_cast<float>(edges.weight[e]) : 1.0F;
    }
  }
  picture.nodes.push_back({"id", "", "as in the input", std::move(ids)});
  picture.nodes.push_back({"label", "", "what it is called", std::move(labels)});
  picture.nodes.push_back({"degree", "edges", "edges at it", std::move(degree)});
  picture.nodes.push_back({"weight", "", "what its edges weigh together", std::move(weight)});
  picture.edges.push_back({"source", "", "where it begins", edges.source});
  picture.edges.push_back({"target", "", "where it leads", edges.target});
  picture.edges.push_back({"weight", "", "what it weighs",
                           edges.weighted() ? floats(edges.weight) : std::vector<float>(edges.size(), 1.0F)});
}

// Values of joined pairs beside the edges that join them, whichever way they lead.
std::vector<float> edge_values(const EdgeList& edges, const std::vector<analytics::EdgeValue>& values) {
  const auto key = [](Vertex a, Vertex b) { return std::uint64_t{std::min(a, b)} << 32 | std::max(a, b); };
  boost::unordered_flat_map<std::uint64_t, float> known;
  known.reserve(values.size());
  for (const auto& value : values) known[key(value.source, value.target)] = static_cast<float>(value.value);
  std::vector<float> out(edges.size(), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const auto found = known.find(key(edges.source[e], edges.target[e]));
    if (found != known.end()) out[e] = found->second;
  }
  return out;
}

bool has_column(const std::vector<Column>& columns, std::string_view name) {
  return std::ranges::find(columns, name, &Column::name) != columns.end();
}

void add_answer_columns(const analytics::DescribedGraph& graph, const Answered& answered, Picture& picture) {
  const auto& info = analytics::info_of(answered.request.algorithm);
  const auto& outcome = answered.run.outcome;
  const std::string name(info.name), meaning(info.meaning);
  const auto node = [&](std::string column, auto values) {
    if (!has_column(picture.nodes, column)) picture.nodes.push_back({std::move(column), "", meaning, std::move(values)});
  };
  switch (info.answer) {
    case Answer::ranking:
      node(name, floats(outcome.values));
      break;
    case Answer::communities:
      node("community", outcome.groups);
      break;
    case Answer::components:
      node("component", outcome.groups);
      break;
    case Answer::edge_ranking:
      picture.edges.push_back({name, "", meaning, edge_values(graph.graph.edges, outcome.edge_values)});
      break;
    case Answer::paths:
      node("distance", floats(outcome.distances));
      node("predecessor", outcome.predecessors);
      break;
    case Answer::neighbourhood:
      node("distance", floats(outcome.distances));
      break;
    case Answer::positions:
      node("x", outcome.x);
      node("y", outcome.y);
  }
}

Json run_json(const Answered& answered) {
  return {{"algorithm", std::string(analytics::info_of(answered.request.algorithm).name)},
          {"backend", answered.run.backend},
          {"version", answered.run.version},
          {"reason", answered.run.reason},
          {"elapsed_ms", answered.run.elapsed_ms},
          {"modularity", answered.run.outcome.modularity ? Json(*answered.run.outcome.modularity) : Json(nullptr)}};
}

}  // namespace

Picture draw_picture(const analytics::DescribedGraph& graph, std::span<const Answered> answers,
                     std::vector<Column> columns) {
  const EdgeList& edges = graph.graph.edges;
  Picture picture;
  picture.node_count = edges.vertices;
  picture.edge_count = edges.size();
  add_own_columns(graph, picture);
  Json runs = Json::array(), findings = Json::array();
  for (const Answered& answered : answers) {
    add_answer_columns(graph, answered, picture);
    runs.push_back(run_json(answered));
    if (analytics::info_of(answered.request.algorithm).answer == Answer::positions) continue;
    for (const std::string& sentence :
         analytics::findings(edges, answered.request, answered.run.outcome,
                             [&](Vertex v) { return name_of(graph, v); }))
      findings.push_back(sentence);
  }
  for (Column& column : columns) {
    if (!has_column(picture.nodes, column.name)) picture.nodes.push_back(std::move(column));
  }
  picture.head = {{"about", graph.about},       {"node_count", picture.node_count},
                  {"edge_count", picture.edge_count}, {"directed", graph.directed},
                  {"runs", std::move(runs)},    {"findings", std::move(findings)},
                  {"notes", graph.notes}};
  return picture;
}

}  // namespace llt::views
