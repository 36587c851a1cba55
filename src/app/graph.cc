// `llamatelemetry graph`: asks something of a graph.

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "analytics/read_edges.h"
#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/graph_answer.h"
#include "app/progress_line.h"
#include "app/terminal.h"

namespace llt::app {
namespace {

Result<GraphInput> read_input(const GraphOptions& options) {
  auto graph = analytics::read_edges(options.edges);
  if (!graph) return std::unexpected(graph.error());
  return GraphInput{std::move(*graph), "the edges in " + options.edges, {}, {}};
}

std::string known_algorithms() {
  std::string names;
  for (const auto& info : analytics::algorithms())
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  return names;
}

Result<analytics::Request> make_request(const GraphOptions& options, const analytics::IdTable& ids) {
  analytics::Request request;
  const auto* info = analytics::find_algorithm(options.algorithm.empty() ? "pagerank" : options.algorithm);
  if (info == nullptr) {
    return fail(ErrorCode::invalid_argument, fmt::format("there is no algorithm '{}'", options.algorithm),
                "choose one of " + known_algorithms());
  }
  request.algorithm = info->id;
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
    const auto vertex = ids.find(id);
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

analytics::Want want_of(const std::string& backend) {
  if (backend == "cpu") return analytics::Want::cpu;
  return backend == "gpu" ? analytics::Want::gpu : analytics::Want::automatic;
}

bool print(std::string_view text) { return std::fwrite(text.data(), 1, text.size(), stdout) == text.size(); }

int print_answer(const GraphAnswer& answer, const GraphOptions& options) {
  const bool printed = options.json ? write_graph_json(answer, print)
                                    : print(graph_text(answer, options.rows, terminal_width()));
  if (printed && std::fflush(stdout) == 0) return kDone;
  return failed(
      {ErrorCode::unavailable, fmt::format("cannot write to stdout: {}", std::strerror(errno)), ""});
}

}  // namespace

int run_graph(const Settings& /*settings*/, const GraphOptions& options) {
  ProgressLine line;
  line.show("reading");
  const auto input = read_input(options);
  if (!input) return line.clear(), failed(input.error());
  const auto request = make_request(options, input->graph.ids);
  if (!request) return line.clear(), bad_usage(request.error());
  if (auto checked = analytics::check(*request, input->graph.edges.vertices); !checked)
    return line.clear(), bad_usage(checked.error());
  const std::string name(analytics::info_of(request->algorithm).name);
  line.show(name);
  const auto run =
      analytics::analyse(input->graph.edges, *request, want_of(options.backend), {}, [&](double done) {
        if (line.due()) line.show(fmt::format("{}: {:.0f} %", name, 100 * done));
      });
  line.clear();
  if (!run) return failed(run.error());
  return print_answer({*input, *request, *run}, options);
}

}  // namespace llt::app
