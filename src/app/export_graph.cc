#include "app/export_graph.h"

#include <fmt/format.h>

#include "app/graph_input.h"
#include "app/progress_line.h"
#include "app/source.h"

namespace llt::app {
namespace {

GraphOptions graph_options(const ExportOptions& options) {
  GraphOptions graph;
  graph.kind = options.kind;
  graph.edges = options.edges;
  graph.trace = options.trace;
  graph.since_ns = options.since_ns;
  return graph;
}

Result<std::vector<views::DetailColumn>> details_of(const Settings& settings, const ExportOptions& options,
                                                    const analytics::IdTable& ids) {
  if (options.kind == "model") return views::model_details(ids);
  if (options.kind.empty()) return std::vector<views::DetailColumn>{};
  auto source = Source::make(settings);
  if (!source) return std::unexpected(source.error());
  analytics::StoreGraphRequest request;
  if (options.since_ns) request.since = now_unix() - *options.since_ns;
  request.trace = options.trace;
  return views::read_details(**source, options.kind, request, ids, options.content);
}

}  // namespace

Result<> check_export_graph(const ExportOptions& options) {
  return check_graph_input(graph_options(options));
}

Result<ExportGraph> read_export_graph(const Settings& settings, const ExportOptions& options) {
  ProgressLine line;
  line.show("reading");
  auto graph = read_graph_input(settings, graph_options(options), {}, line);
  if (!graph) return std::unexpected(graph.error());
  auto details = details_of(settings, options, graph->graph.ids);
  if (!details) return std::unexpected(details.error());
  views::MeasureRequest request;
  request.layout = options.layout;
  auto measures = views::measure(*graph, request, [&](std::string_view algorithm, double done) {
    if (line.due()) line.show(fmt::format("{}: {:.0f} %", algorithm, 100 * done));
  });
  if (!measures) return std::unexpected(measures.error());
  return ExportGraph{std::move(*graph), std::move(*measures), std::move(*details)};
}

}  // namespace llt::app
