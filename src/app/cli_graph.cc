// The command line of `graph`.

#include "app/command_line.h"
#include "app/option_checks.h"

namespace llt::app {
namespace {

void add_input(CLI::App& command, CommandLine& line) {
  GraphOptions& graph = line.graph;
  command.add_option("kind", graph.kind, "trace, services, interference, prefix, model, knn or knowledge")
      ->type_name("KIND");
  command
      .add_option("--edges", graph.edges, "CSV or Parquet file with the columns src, dst and perhaps weight")
      ->type_name("FILE");
  add_store_settings(command, line);
  for (const SettingSpec& spec : setting_specs()) {
    if (spec.key == "model" || spec.key == "analytics-gpu") add_setting(command, line, spec);
  }
  command.add_option("--since", line.since, "only what began within this time, e.g. 30m or 7d")
      ->type_name("TIME");
  command.add_option("--trace", graph.trace, "trace: only the one with this id")->type_name("ID");
}

void add_texts(CLI::App& command, CommandLine& line) {
  GraphOptions& graph = line.graph;
  command.add_option("--texts", graph.texts, "knn, knowledge: texts in a .txt, .csv or .jsonl file")
      ->type_name("FILE");
  command
      .add_option("--url", graph.url,
                  "knn, knowledge: the server that reads them (default: the running instance)")
      ->type_name("URL");
  command
      .add_option("--work", graph.work, "knn, knowledge: keep its answers there, so that another run goes on")
      ->type_name("FILE");
  command.add_option("--neighbours", graph.neighbours, "knn: so many for each text (default 10)")
      ->type_name("K")
      ->check(whole_number(1));
  command
      .add_option("--min-similarity", graph.min_similarity, "knn: leave out what is less alike (default 0)")
      ->type_name("S")
      ->check(number_within(0, 1));
  command.add_flag("--keep-ungrounded", graph.keep_ungrounded,
                   "knowledge: also relations whose sentence does not have both names in it");
}

void add_algorithm(CLI::App& command, CommandLine& line) {
  GraphOptions& graph = line.graph;
  command
      .add_option("--algorithm", graph.algorithm,
                  "pagerank, louvain, leiden, betweenness, edge-betweenness, components, strong-components, "
                  "kcore, triangles, degree, jaccard, overlap, bfs, sssp, ego or layout")
      ->type_name("NAME");
  CLI::Option* directed = command.add_flag("--directed", graph.directed, "edges lead from src to dst only");
  command.add_flag("--undirected", graph.undirected, "edges lead both ways")->excludes(directed);
  command
      .add_option("--from", graph.from,
                  "bfs, sssp, ego: where to begin; pagerank: where random jumps lead (repeatable)")
      ->type_name("ID")
      ->allow_extra_args(false);
  command.add_option("--samples", graph.samples, "betweenness: paths from so many vertices instead of all")
      ->type_name("N")
      ->check(whole_number());
  command.add_option("--radius", graph.radius, "ego: how many edges far (default 1)")
      ->type_name("N")
      ->check(whole_number());
  command.add_option("--damping", graph.damping, "pagerank: how often the walk goes on (default 0.85)")
      ->type_name("D");
  command
      .add_option("--resolution", graph.resolution,
                  "louvain, leiden: larger gives smaller communities (default 1)")
      ->type_name("R");
  command.add_option("--iterations", graph.iterations, "layout: how many rounds")
      ->type_name("N")
      ->check(whole_number());
  command
      .add_option("--seed", graph.seed, "of what is random; the same seed gives the same answer (default 1)")
      ->type_name("N")
      ->check(whole_number());
}

void add_execution(CLI::App& command, CommandLine& line) {
  GraphOptions& graph = line.graph;
  command.add_option("--backend", graph.backend, "auto (default), cpu or gpu")
      ->check(CLI::IsMember({"auto", "cpu", "gpu"}));
  command.add_option("--threads", graph.threads, "at most so many (default: one a core)")
      ->type_name("N")
      ->check(whole_number());
  command
      .add_option("--gpu-memory", line.gpu_memory,
                  "at most so much of the GPU's memory (default: what is free)")
      ->type_name("SIZE");
  command.add_option("--rows", graph.rows, "how many rows to show (default 20)")
      ->type_name("N")
      ->check(whole_number());
  CLI::Option* save = command.add_flag("--save", graph.save,
                                       "keep the answer in the store also when the graph is from a file");
  command.add_flag("--no-save", graph.no_save, "do not keep the answer in the store")->excludes(save);
  command.add_flag("--json", graph.json, "print one JSON document with every row");
}

}  // namespace

void add_graph_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, line, "graph", "Ask something of a graph: what is central, what belongs together, what is near",
      "  llamatelemetry graph services\n"
      "  llamatelemetry graph interference --since 1h --algorithm louvain\n"
      "  llamatelemetry graph model --model model.gguf --algorithm layout --json\n"
      "  llamatelemetry graph knn --texts tickets.jsonl\n"
      "  llamatelemetry graph knowledge --texts notes.txt --work notes.work\n"
      "  llamatelemetry graph --edges calls.csv\n"
      "  llamatelemetry graph --edges calls.parquet --algorithm louvain --json\n"
      "  llamatelemetry graph --edges roads.csv --algorithm sssp --from Rome",
      [&line](const Settings& s) { return run_graph(s, line.graph); });
  add_input(*command, line);
  add_texts(*command, line);
  add_algorithm(*command, line);
  add_execution(*command, line);
}

}  // namespace llt::app
