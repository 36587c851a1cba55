// The command line of `analyze`.

#include "app/command_line.h"
#include "app/option_checks.h"

namespace llt::app {
namespace {

void add_rows(CLI::App& command, CommandLine& line) {
  analytics::TableQuestion& question = line.analyze.question;
  command.add_option("operation", line.analyze.operation, "group, histogram, buckets, rolling or anomalies")
      ->required()
      ->type_name("OPERATION");
  command.add_option("--from", question.from, "a table, a view, or a SELECT (default requests)")
      ->type_name("TABLE");
  command.add_option("--value", question.value, "what is looked at: a column or an expression of SQL")
      ->required()
      ->type_name("EXPR");
  command.add_option("--by", question.by, "each value of this on its own (repeatable)")
      ->type_name("EXPR")
      ->allow_extra_args(false);
  command.add_option("--where", question.where, "only these rows")->type_name("EXPR");
  command
      .add_option("--time", question.time,
                  "the column with the time, in ns (default start_unix_ns or unix_ns)")
      ->type_name("EXPR");
  command.add_option("--since", line.since, "only what began within this time, e.g. 30m or 7d")
      ->type_name("TIME");
}

void add_details(CLI::App& command, CommandLine& line) {
  analytics::TableQuestion& question = line.analyze.question;
  command
      .add_option("--quantiles", question.quantiles, "group, buckets, rolling: these (default 0.5,0.95,0.99)")
      ->type_name("Q,Q,...")
      ->delimiter(',');
  command.add_option("--bins", question.bins, "histogram: so many (default 20)")
      ->type_name("N")
      ->check(whole_number());
  command.add_flag("--log", question.logarithmic, "histogram: bins of equal ratio");
  command.add_option("--every", line.analyze.every, "buckets: how long one is (default 1m)")
      ->type_name("TIME");
  command
      .add_option("--window", line.analyze.window,
                  "rolling, anomalies: the time before each row (default 10m)")
      ->type_name("TIME");
  command.add_option("--threshold", question.threshold, "anomalies: least |z| (default 3.5)")->type_name("Z");
  command.add_option("--least", question.least, "anomalies: rows that a window must have (default 10)")
      ->type_name("N")
      ->check(whole_number());
}

void add_output(CLI::App& command, CommandLine& line) {
  command
      .add_option("--format", line.analyze.output.format,
                  "table, csv, json, parquet or arrow (default table)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "csv", "json", "parquet", "arrow"}));
  add_output_file(command, line);
  command.add_option("--backend", line.analyze.backend, "auto (default), cpu or gpu")
      ->check(CLI::IsMember({"auto", "cpu", "gpu"}));
  command
      .add_option("--gpu-memory", line.gpu_memory,
                  "at most so much of the GPU's memory (default: what is free)")
      ->type_name("SIZE");
  for (const SettingSpec& spec : setting_specs()) {
    if (spec.key == "analytics-gpu") add_setting(command, line, spec);
  }
  command.add_flag("--show-sql", line.analyze.show_sql, "print the statement instead of running it");
}

}  // namespace

void add_analyze_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, line, "analyze", "Group, count and compare the rows of a table; find what stands out",
                  "  llamatelemetry analyze group --value ttft_ns/1e6 --by model --by route\n"
                  "  llamatelemetry analyze histogram --value total_ns/1e6 --log --bins 12\n"
                  "  llamatelemetry analyze buckets --value output_tokens --every 5m --since 1h\n"
                  "  llamatelemetry analyze rolling --value ttft_ns/1e6 --window 5m --quantiles 0.5,0.99\n"
                  "  llamatelemetry analyze anomalies --from gpu_samples --value power_watts --by gpu",
                  [&line](const Settings& s) { return run_analyze(s, line.analyze); });
  add_store_settings(*command, line);
  add_rows(*command, line);
  add_details(*command, line);
  add_output(*command, line);
}

}  // namespace llt::app
