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

void add_parquet(CLI::App& parent, CommandLine& line) {
  CLI::App* command = add_command(
      parent, line, "parquet", "Write the store's tables as Parquet files",
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
  add_parquet(*command, line);
}

}  // namespace llt::app
