// `llamatelemetry graph`: asks something of a graph.

#include <fmt/format.h>

#include <algorithm>

#include "analytics/store_graphs.h"
#include "app/analytics_place.h"
#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/graph_answer.h"
#include "app/graph_input.h"
#include "app/graph_keep.h"
#include "app/print.h"
#include "app/progress_line.h"
#include "app/terminal.h"
#include "app/up_options.h"

namespace llt::app {
namespace {

// What is asked of a graph when the user does not say.
analytics::Algorithm usual_algorithm(const std::string& kind) {
  const auto* graph = analytics::find_store_graph(kind);
  if (graph != nullptr) return graph->algorithm;
  if (kind == "knn") return analytics::Algorithm::louvain;
  return kind == "model" ? analytics::Algorithm::degree : analytics::Algorithm::pagerank;
}

std::string known_algorithms() {
  std::string names;
  for (const auto& info : analytics::algorithms())
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  return names;
}

Result<analytics::Request> make_request(const GraphOptions& options, const analytics::DescribedGraph& input) {
  analytics::Request request;
  const auto* info = options.algorithm.empty() ? &analytics::info_of(usual_algorithm(options.kind))
                                               : analytics::find_algorithm(options.algorithm);
  if (info == nullptr) {
    return fail(ErrorCode::invalid_argument, fmt::format("there is no algorithm '{}'", options.algorithm),
                "choose one of " + known_algorithms());
  }
  request.algorithm = info->id;
  if (!input.directed && info->direction == analytics::Direction::directed) request.directed = false;
  if (options.directed) request.directed = true;
  if (options.undirected) request.directed = false;
  request.damping = options.damping;
  request.resolution = options.resolution;
  request.samples = options.samples;
  request.radius = options.radius;
  request.iterations = options.iterations;
  request.seed = options.seed;
  request.threads = options.threads;
  for (const std::string& id : options.from) {
    const auto vertex = input.graph.ids.find(id);
    if (!vertex)
      return fail(ErrorCode::invalid_argument, fmt::format("--from: no vertex has the id '{}'", id));
    request.from.push_back(*vertex);
  }
  if (info->starts_somewhere && options.from.size() != 1) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} begins at one vertex", info->name),
                "name it with --from ID");
  }
  return request;
}

void print_answer(const GraphAnswer& answer, const GraphOptions& options) {
  if (options.json) {
    static_cast<void>(write_graph_json(answer, write_out));
  } else {
    write_out(graph_text(answer, options.rows, terminal_width()));
  }
}

// What was asked of the store is kept there; what comes from a file of the user's only when he says so.
int keep_answer(const Settings& settings, const GraphAnswer& answer, const GraphOptions& options) {
  const bool from_store = analytics::find_store_graph(options.kind) != nullptr;
  if (options.no_save || !(options.save || from_store)) return kDone;
  const auto kept = keep_result(data_folder(settings), graph_result(answer, options.kind));
  if (kept) return kDone;
  if (options.save) return failed(kept.error());
  std::fprintf(stderr, "llamatelemetry: the answer is not kept: %s\n", kept.error().to_string().c_str());
  return kDone;
}

}  // namespace

int run_graph(const Settings& settings, const GraphOptions& options) {
  if (auto checked = check_graph_input(options); !checked) return bad_usage(checked.error());
  auto place = analytics_place(settings, options.backend, options.gpu_memory_bytes);
  if (!place) return bad_usage(place.error());
  bound_memory(settings, *place);
  ProgressLine line;
  line.show("reading");
  const auto input = read_graph_input(settings, options, *place, line);
  if (!input) return line.clear(), failed(input.error());
  auto request = make_request(options, *input);
  if (!request) return line.clear(), bad_usage(request.error());
  if (auto checked = analytics::check(*request, input->graph.edges.vertices); !checked)
    return line.clear(), bad_usage(checked.error());
  const std::string name(analytics::info_of(request->algorithm).name);
  line.show(name);
  const auto run =
      analytics::analyse(input->graph.edges, *request, place->want, place->gpu, [&](double done) {
        if (line.due()) line.show(fmt::format("{}: {:.0f} %", name, 100 * done));
      });
  line.clear();
  if (!run) return failed(run.error());
  if (run->samples) request->samples = run->samples;
  const GraphAnswer answer{*input, *request, *run};
  print_answer(answer, options);
  return keep_answer(settings, answer, options);
}

}  // namespace llt::app
