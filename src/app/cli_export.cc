// The command line of `export`.

#include "app/command_line.h"

namespace llt::app {
namespace {

void add_since(CLI::App& command, CommandLine& line) {
  command.add_option("--since", line.since, "only what began within this time, e.g. 30m or 7d")
      ->type_name("TIME");
}

void add_content(CLI::App& command, CommandLine& line) {
  command.add_flag("--with-content", line.exports.content,
                   "with prompts and answers, where they were captured; otherwise they stay here");
}

void add_json(CLI::App& command, CommandLine& line) {
  command.add_flag("--json", line.exports.json, "say what was done as one JSON document");
}

void add_graph(CLI::App& command, CommandLine& line) {
  command.add_option("kind", line.exports.kind, "trace, services, interference, prefix or model")
      ->type_name("KIND");
  command
      .add_option("--edges", line.exports.edges,
                  "CSV or Parquet file with the columns src, dst and perhaps weight")
      ->type_name("FILE");
  add_store_settings(command, line);
  for (const SettingSpec& spec : setting_specs()) {
    if (spec.key == "model") add_setting(command, line, spec);
  }
  add_since(command, line);
  command.add_option("--trace", line.exports.trace, "trace: only the one with this id")->type_name("ID");
  command.add_flag("--layout", line.exports.layout, "compute a place for every vertex (ForceAtlas2)");
  add_content(command, line);
  add_json(command, line);
}

void add_graphml(CLI::App& parent, CommandLine& line) {
  CLI::App* command = add_command(
      parent, line, "graphml", "Write a graph as GraphML, for Gephi, Cytoscape, yEd, NetworkX, igraph",
      "  llamatelemetry export graphml services -o services.graphml\n"
      "  llamatelemetry export graphml --edges calls.csv --layout > calls.graphml",
      [&line](const Settings& s) { return run_export_graphml(s, line.exports); });
  add_graph(*command, line);
  add_output_file(*command, line);
}

void add_graphistry(CLI::App& parent, CommandLine& line) {
  CLI::App* command = add_command(
      parent, line, "graphistry",
      "Send a graph to a Graphistry server and print the address of its view.\n"
      "Who you are is taken from GRAPHISTRY_USERNAME and GRAPHISTRY_PASSWORD, or from\n"
      "GRAPHISTRY_PERSONAL_KEY_ID and GRAPHISTRY_PERSONAL_KEY_SECRET.",
      "  llamatelemetry export graphistry interference --since 1h\n"
      "  llamatelemetry export graphistry services --server https://graphistry.example.com --org lab\n"
      "  llamatelemetry export graphistry --edges calls.csv --dry-run look",
      [&line](const Settings& s) { return run_export_graphistry(s, line.exports); });
  GraphistryOptions& to = line.exports.graphistry;
  add_graph(*command, line);
  command->add_option("--server", to.server, "where to (default https://hub.graphistry.com)")
      ->type_name("URL");
  command->add_option("--org", to.org, "the organisation that it belongs to")->type_name("NAME");
  command->add_option("--privacy", to.privacy, "who may see it: private (default), organization or public")
      ->check(CLI::IsMember({"private", "organization", "public"}));
  command->add_option("--name", to.name, "title of the view (default: after the graph)")->type_name("TEXT");
  command->add_option("--dry-run", to.dry_run, "send nothing; write the files and requests to this folder")
      ->type_name("DIR");
  command->add_option("--ca-file", to.ca_file, "certificates to trust (default: the system's)")
      ->type_name("FILE");
  constexpr const char* kColumn = "COLUMN";
  command->add_option("--label", to.label, "column of the nodes to write beside them; none for none")
      ->type_name(kColumn);
  command->add_option("--color", to.color, "column to colour them by")->type_name(kColumn);
  command->add_option("--size", to.size, "column of numbers to size them by")->type_name(kColumn);
  command->add_option("--icon", to.icon, "column to choose icons by")->type_name(kColumn);
}

void add_perfetto(CLI::App& parent, CommandLine& line) {
  CLI::App* command = add_command(
      parent, line, "perfetto", "Write requests, batch steps, GPU counters and spans as a Perfetto trace",
      "  llamatelemetry export perfetto -o hour.pftrace --since 1h\n"
      "  llamatelemetry export perfetto -o one.pftrace --trace 4bf92f3577b34da6a3ce929d0e0e4736",
      [&line](const Settings& s) { return run_export_perfetto(s, line.exports); });
  add_store_settings(*command, line);
  add_output_file(*command, line);
  add_since(*command, line);
  command->add_option("--trace", line.exports.trace, "only the trace with this id, and what ran beside it")
      ->type_name("ID");
  add_json(*command, line);
}

void add_otlp(CLI::App& parent, CommandLine& line) {
  CLI::App* command =
      add_command(parent, line, "otlp", "Send the stored spans to an OpenTelemetry collector",
                  "  llamatelemetry export otlp --endpoint http://collector:4318 --since 1h\n"
                  "  llamatelemetry export otlp --endpoint https://collector:4317 --protocol grpc",
                  [&line](const Settings& s) { return run_export_otlp(s, line.exports); });
  add_store_settings(*command, line);
  command
      ->add_option("--endpoint", line.exports.endpoint,
                   "the collector (default: OTEL_EXPORTER_OTLP_ENDPOINT, then this machine)")
      ->type_name("URL");
  command
      ->add_option("--protocol", line.exports.protocol,
                   "http/protobuf or grpc (default: OTEL_EXPORTER_OTLP_PROTOCOL, then http/protobuf)")
      ->check(CLI::IsMember({"http/protobuf", "grpc"}));
  add_since(*command, line);
  command->add_option("--trace", line.exports.trace, "only the trace with this id")->type_name("ID");
  add_content(*command, line);
  add_json(*command, line);
}

void add_parquet(CLI::App& parent, CommandLine& line) {
  CLI::App* command = add_command(parent, line, "parquet", "Write the store's tables as Parquet files",
                                  "  llamatelemetry export parquet -o week --since 7d\n"
                                  "  llamatelemetry export parquet --table requests --table steps -o files",
                                  [&line](const Settings& s) { return run_export_parquet(s, line.exports); });
  add_store_settings(*command, line);
  command->add_option("--table", line.exports.tables, "only this table (repeatable)")
      ->type_name("TABLE")
      ->allow_extra_args(false);
  command->add_option("-o,--output", line.output, "folder for the files (default: the one you are in)")
      ->type_name("DIR");
  add_since(*command, line);
  add_content(*command, line);
  add_json(*command, line);
}

}  // namespace

void add_export_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("export", "Hand what the store knows to other programs");
  command->require_subcommand(1);
  command->footer("Each explains itself: llamatelemetry export NAME --help");
  add_graphistry(*command, line);
  add_perfetto(*command, line);
  add_parquet(*command, line);
  add_graphml(*command, line);
  add_otlp(*command, line);
}

}  // namespace llt::app
