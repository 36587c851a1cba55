#include "views/exports/graph_tables.h"

namespace llt::views {
namespace {

using analytics::Algorithm;
using analytics::Vertex;

Result<analytics::Outcome> outcome_of(Algorithm algorithm, const analytics::DescribedGraph& graph,
                                      const MeasureRequest& request, const MeasureProgress& progress) {
  analytics::Request asked;
  asked.algorithm = algorithm;
  const auto& info = analytics::info_of(algorithm);
  if (!graph.directed && info.direction == analytics::Direction::directed) asked.directed = false;
  auto run = analytics::analyse(graph.graph.edges, asked, request.want, request.gpu,
                                [&](double done) { progress(info.name, done); });
  if (!run) return std::unexpected(run.error());
  return std::move(run->outcome);
}

template <class Value>
TableColumn numbers(std::string name, ColumnType type, const std::vector<Value>& values) {
  return {std::move(name), type, [type, &values](std::size_t row) -> Cell {
            if (type == ColumnType::real) return static_cast<double>(values[row]);
            return static_cast<std::int64_t>(values[row]);
          }};
}

TableColumn ids_of(std::string name, const analytics::IdTable& ids, const std::vector<Vertex>& vertices) {
  return {std::move(name), ColumnType::text,
          [&ids, &vertices](std::size_t row) -> Cell { return ids.text(vertices[row]); }};
}

}  // namespace

Result<Measures> measure(const analytics::DescribedGraph& graph, const MeasureRequest& request,
                         const MeasureProgress& progress) {
  Measures measures;
  if (graph.graph.edges.vertices == 0) return measures;
  auto degree = outcome_of(Algorithm::degree, graph, request, progress);
  if (!degree) return std::unexpected(degree.error());
  measures.degree = std::move(degree->values);
  auto pagerank = outcome_of(Algorithm::pagerank, graph, request, progress);
  if (!pagerank) return std::unexpected(pagerank.error());
  measures.pagerank = std::move(pagerank->values);
  auto louvain = outcome_of(Algorithm::louvain, graph, request, progress);
  if (!louvain) return std::unexpected(louvain.error());
  measures.community = std::move(louvain->groups);
  if (!request.layout) return measures;
  auto layout = outcome_of(Algorithm::layout, graph, request, progress);
  if (!layout) return std::unexpected(layout.error());
  measures.x = std::move(layout->x);
  measures.y = std::move(layout->y);
  return measures;
}

GraphTables graph_tables(const analytics::DescribedGraph& graph, const Measures& measures,
                         const std::vector<DetailColumn>& details) {
  const auto& [edges, ids] = graph.graph;
  GraphTables tables;
  Table& nodes = tables.nodes;
  nodes.rows = edges.vertices;
  nodes.columns.push_back({"id", ColumnType::text,
                           [&ids](std::size_t row) -> Cell { return ids.text(static_cast<Vertex>(row)); }});
  nodes.columns.push_back({"label", ColumnType::text, [&graph](std::size_t row) -> Cell {
                             if (graph.labels.empty()) return graph.graph.ids.text(static_cast<Vertex>(row));
                             return graph.labels[row];
                           }});
  nodes.columns.push_back(numbers("degree", ColumnType::integer, measures.degree));
  nodes.columns.push_back(numbers("pagerank", ColumnType::real, measures.pagerank));
  nodes.columns.push_back(numbers("community", ColumnType::integer, measures.community));
  if (!measures.x.empty()) {
    nodes.columns.push_back(numbers("x", ColumnType::real, measures.x));
    nodes.columns.push_back(numbers("y", ColumnType::real, measures.y));
  }
  for (const DetailColumn& column : details) {
    nodes.columns.push_back(
        {column.name(), column.type(), [&column](std::size_t row) { return column.at(row); }});
  }
  tables.edges.rows = edges.size();
  tables.edges.columns = {ids_of("src", ids, edges.source), ids_of("dst", ids, edges.target)};
  if (edges.weighted()) tables.edges.columns.push_back(numbers("weight", ColumnType::real, edges.weight));
  return tables;
}

}  // namespace llt::views
