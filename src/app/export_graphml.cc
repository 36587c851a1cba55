// `llamatelemetry export graphml`.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/exit_codes.h"
#include "app/export_graph.h"
#include "app/output.h"
#include "app/print.h"
#include "app/units.h"
#include "views/exports/graphml.h"

namespace llt::app {
namespace {

void say(const ExportGraph& graph, const ExportOptions& options, std::uint64_t bytes) {
  const auto nodes = graph.graph.graph.edges.vertices;
  const auto edges = graph.graph.graph.edges.size();
  if (options.json) {
    const nlohmann::ordered_json document = {{"path", *options.output},
                                             {"nodes", nodes},
                                             {"edges", edges},
                                             {"bytes", bytes},
                                             {"notes", graph.graph.notes}};
    print_out("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  print_out("{}  {} nodes, {} edges, {}\n", *options.output, nodes, edges, format_size(bytes));
  for (const std::string& note : graph.graph.notes) print_err("{}\n", note);
}

}  // namespace

int run_export_graphml(const Settings& settings, const ExportOptions& options) {
  if (auto checked = check_export_graph(options); !checked) return bad_usage(checked.error());
  if (options.json && !options.output)
    return bad_usage({ErrorCode::invalid_argument, "--json and the graph cannot both go to stdout",
                      "name a file for the graph with -o"});
  const auto graph = read_export_graph(settings, options);
  if (!graph) return failed(graph.error());
  auto output = Output::open(options.output);
  if (!output) return failed(output.error());
  const views::ByteSink sink = [&](std::string_view piece) { return output->write(piece); };
  const auto written = views::write_graphml(graph->tables(), graph->graph.directed, sink);
  if (!written) return failed(written.error());
  if (auto finished = output->finish(); !finished) return failed(finished.error());
  if (options.output) say(*graph, options, output->bytes());
  return kDone;
}

}  // namespace llt::app
