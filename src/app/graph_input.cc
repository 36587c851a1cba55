#include "app/graph_input.h"

#include <fmt/format.h>

#include "analytics/model_graph.h"
#include "analytics/read_edges.h"
#include "analytics/store_graphs.h"
#include "app/graph_texts.h"
#include "app/source.h"

namespace llt::app {
namespace {

bool of_texts(const GraphOptions& options) { return options.kind == "knn" || options.kind == "knowledge"; }

Result<analytics::DescribedGraph> read_model(const Settings& settings) {
  const auto file = settings.text("model");
  if (!file) return fail(ErrorCode::invalid_argument, "which model?", "name its file with --model");
  const auto model = gguf::ModelFile::open(*file);
  if (!model) return std::unexpected(model.error());
  return analytics::model_graph(*model);
}

}  // namespace

std::string graph_kinds() {
  std::string names;
  for (const auto& kind : analytics::store_graph_kinds()) names += std::string(kind.name) + ", ";
  return names + "model, knn, knowledge";
}

Result<> check_graph_input(const GraphOptions& options) {
  const bool known = options.kind.empty() || options.kind == "model" || of_texts(options) ||
                     analytics::find_store_graph(options.kind) != nullptr;
  if (options.kind == "kernels") {
    return fail(ErrorCode::invalid_argument,
                "this version does not record GPU kernels, so they have no graph",
                "choose one of " + graph_kinds());
  }
  if (!known) {
    return fail(ErrorCode::invalid_argument, fmt::format("there is no graph '{}'", options.kind),
                "choose one of " + graph_kinds() + ", or name a file with --edges");
  }
  if (options.kind.empty() == options.edges.empty()) {
    return fail(
        ErrorCode::invalid_argument,
        options.kind.empty() ? "which graph?" : "a graph comes from the store or from a file, not from both",
        "name one of " + graph_kinds() + ", or a file with --edges");
  }
  if (of_texts(options) == options.texts.empty()) {
    return fail(ErrorCode::invalid_argument,
                options.texts.empty() ? "which texts?" : "only knn and knowledge are made from texts",
                "name a file with --texts, as in 'graph knn --texts FILE'");
  }
  return {};
}

Result<analytics::DescribedGraph> read_graph_input(const Settings& settings, const GraphOptions& options,
                                                   const AnalyticsPlace& place, ProgressLine& line) {
  if (options.kind == "model") return read_model(settings);
  if (options.kind == "knn") return read_similar_texts(settings, options, place, line);
  if (options.kind == "knowledge") return read_knowledge(settings, options, line);
  if (options.kind.empty()) {
    auto graph = analytics::read_edges(options.edges);
    if (!graph) return std::unexpected(graph.error());
    analytics::DescribedGraph described;
    described.graph = std::move(*graph);
    described.about = "the edges in " + options.edges;
    return described;
  }
  auto source = Source::make(settings);
  if (!source) return std::unexpected(source.error());
  analytics::StoreGraphRequest request;
  if (options.since_ns) request.since = now_unix() - *options.since_ns;
  request.trace = options.trace;
  return analytics::read_store_graph(**source, *analytics::find_store_graph(options.kind), request);
}

}  // namespace llt::app
