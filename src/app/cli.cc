#include "app/cli.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <span>

#include "analytics/gpu/worker.h"
#include "analytics/job.h"
#include "app/command_line.h"
#include "app/config_file.h"
#include "app/exit_codes.h"
#include "app/option_checks.h"
#include "app/print.h"
#include "app/settings.h"
#include "app/units.h"
#include "app/version.h"
#include "base/log.h"

namespace llt::app {
namespace {

constexpr const char* kConfigMeaning =
    "options file (default ./llamatelemetry.toml, then ~/.config/llamatelemetry/llamatelemetry.toml)";

void add_up(CLI::App& app, CommandLine& line) {
  CLI::App* up = add_command(app, line, "up",
                             "Serve a model and record where the time of every request goes.\n"
                             "What follows -- is passed to llama-server as it is.",
                             "  llamatelemetry up\n"
                             "  llamatelemetry up --model llama.gguf --ctx 8192 --parallel 4 -- --threads 6\n"
                             "  llamatelemetry up --upstream http://127.0.0.1:8000",
                             run_up);
  for (const SettingSpec& spec : setting_specs()) add_setting(*up, line, spec);
}

void add_status(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, line, "status", "Show the running instance: engine, GPUs, queue, losses",
                  "  llamatelemetry status\n"
                  "  llamatelemetry status --json",
                  [&line](const Settings& s) { return run_status(s, line.status); });
  add_store_settings(*command, line);
  command->add_flag("--json", line.status.json, "print one JSON document");
}

void add_report(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(app, line, "report", "Say where the time of the stored requests went",
                                  "  llamatelemetry report --since 1h\n"
                                  "  llamatelemetry report --since 7d --html week.html",
                                  [&line](const Settings& s) { return run_report(s, line.report); });
  add_store_settings(*command, line);
  command->add_option("--since", line.since, "only requests that began within this time, e.g. 30m or 7d")
      ->type_name("TIME");
  command
      ->add_option("--slo", line.slo,
                   "what a request must keep to count as goodput: ttft=500ms,tpot=50ms; also e2e=30s")
      ->type_name("LIMITS");
  CLI::Option* json = command->add_flag("--json", line.report.json, "print one JSON document");
  command->add_option("--html", line.html, "write one self-contained page")
      ->type_name("FILE")
      ->excludes(json);
}

void add_top(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(app, line, "top", "Watch the running instance live; q quits",
                                  "  llamatelemetry top\n"
                                  "  llamatelemetry top --window 5m",
                                  [&line](const Settings& s) { return run_top(s, line.top); });
  add_store_settings(*command, line);
  command->add_option("--window", line.window, "how far back the figures look (default 1m)")
      ->type_name("TIME");
}

void add_query(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, line, "query", "Ask the store by SQL, read-only, whether or not 'up' runs",
                  "  llamatelemetry query \"SELECT model, count(*) FROM requests GROUP BY model\"\n"
                  "  llamatelemetry query \"FROM spans\" --format parquet -o spans.parquet\n"
                  "  llamatelemetry query - < question.sql",
                  [&line](const Settings& s) { return run_query(s, line.query); });
  add_store_settings(*command, line);
  command->add_option("sql", line.query.sql, "the statement; - reads it from stdin")
      ->required()
      ->type_name("SQL");
  command->add_option("--format", line.query.format, "table, csv, json, parquet or arrow (default table)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "csv", "json", "parquet", "arrow"}));
  add_output_file(*command, line);
}

void add_trace(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(app, line, "trace", "Show one trace as a tree with its critical path",
                                  "  llamatelemetry trace 4bf92f3577b34da6a3ce929d0e0e4736\n"
                                  "  llamatelemetry trace 4bf92f --json",
                                  [&line](const Settings& s) { return run_trace(s, line.trace); });
  add_store_settings(*command, line);
  command->add_option("id", line.trace.id, "trace id or request id, or the beginning of one")
      ->required()
      ->type_name("ID");
  command->add_flag("--json", line.trace.json, "print one JSON document");
}

void add_doctor(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, line, "doctor", "Check what on this machine would spoil the measurements or the speed",
                  "  llamatelemetry doctor\n"
                  "  llamatelemetry doctor --json",
                  [&line](const Settings& s) { return run_doctor(s, line.doctor); });
  for (const SettingSpec& spec : setting_specs()) {
    if (spec.key == "data" || spec.key == "api-key-file" || spec.key == "llama-server" ||
        spec.key == "model") {
      add_setting(*command, line, spec);
    }
  }
  command->add_flag("--json", line.doctor.json, "print one JSON document");
}

void add_probe(CLI::App& app, CommandLine& line) {
  CLI::App* probe = app.add_subcommand("probe", "Look into engines that were not started by 'up'");
  probe->require_subcommand(1);
  CLI::App* print = probe->add_subcommand(
      "print-env",
      "Print the environment in which to start a llama-server, so that the 'up' of the same --data\n"
      "folder that attaches to it sees its batch steps");
  print->footer(
      "Examples:\n"
      "  env $(llamatelemetry probe print-env) llama-server --model llama.gguf --port 8000\n"
      "  llamatelemetry up --upstream http://127.0.0.1:8000");
  print->callback([&line] { line.command = run_probe_environment; });
  add_store_settings(*print, line);
}

// Typed values of options that no environment variable or file can give.
Result<> convert(CommandLine& line) {
  if (!line.output.empty()) {
    line.query.output = line.exports.output = line.analyze.output.output = line.output;
  }
  if (!line.html.empty()) line.report.html = line.html;
  if (!line.since.empty()) {
    auto since = parse_duration(line.since);
    if (!since) return fail(since.error().code, "--since: " + since.error().message, since.error().hint);
    line.report.since_ns = *since;
    line.graph.since_ns = *since;
    line.exports.since_ns = *since;
    line.analyze.since_ns = *since;
  }
  if (line.slo) {
    auto slo = parse_slo(*line.slo);
    if (!slo) return fail(slo.error().code, "--slo: " + slo.error().message, slo.error().hint);
    line.report.slo = *slo;
  }
  if (!line.gpu_memory.empty()) {
    auto size = parse_size(line.gpu_memory);
    if (!size) return fail(size.error().code, "--gpu-memory: " + size.error().message, size.error().hint);
    line.graph.gpu_memory_bytes = line.analyze.gpu_memory_bytes = *size;
  }
  auto window = parse_duration(line.window);
  if (!window) return fail(window.error().code, "--window: " + window.error().message, window.error().hint);
  if (*window == 0) return fail(ErrorCode::invalid_argument, "--window: a window of no time shows nothing");
  line.top.window_ns = *window;
  return {};
}

Result<Settings> settle(CommandLine& line) {
  for (const auto& [key, given] : line.switches) {
    if (given) line.flags[key] = {"true"};
  }
  std::erase_if(line.flags, [](const auto& flag) { return flag.second.empty(); });
  for (const std::string& name : unknown_variables(environ))
    spdlog::warn("{} is set, and is none of our variables; docs/cli.md lists them", name);
  std::optional<std::string> path;
  if (const char* variable = std::getenv("LLAMATELEMETRY_CONFIG"); variable != nullptr && *variable != '\0') {
    path = variable;
  }
  if (!line.config.empty()) path = line.config;
  const auto file = read_config(path);
  if (!file) return std::unexpected(file.error());
  return Settings::resolve(
      line.flags, [](const char* name) { return std::getenv(name); }, *file);
}

// The command that was to run: of "export parquet" the latter.
const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.front());
}

Error usage_error(const CLI::App& app, std::string message) {
  std::string command;
  for (const CLI::App* at = &innermost(app); at != nullptr; at = at->get_parent())
    command.insert(0, at->get_name() + " ");
  return {ErrorCode::invalid_argument, std::move(message), "see '" + command + "--help'"};
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
  const CLI::App& command = innermost(app);
  const std::string swallowed = swallowed_option(command);
  return bad_usage(usage_error(app, swallowed.empty() ? refusal(command, error) : swallowed));
}

// CLI11 would only say that a command is missing. `arguments` begin with the last.
std::optional<Error> unknown_command(const CLI::App& app, std::span<const std::string> arguments) {
  if (arguments.empty() || arguments.back().starts_with('-')) return std::nullopt;
  const auto known =
      app.get_subcommands([&](const CLI::App* c) { return c->get_name() == arguments.back(); });
  if (known.empty()) return usage_error(app, "there is no command '" + arguments.back() + "'");
  if (known.front()->get_require_subcommand_min() == 0) return std::nullopt;
  return unknown_command(*known.front(), arguments.first(arguments.size() - 1));
}

// Everything behind the first "--" of `up` belongs to llama-server, whatever it looks like.
std::vector<std::string> take_engine_arguments(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() != "up") return {};
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (dashes == arguments.end()) return {};
  std::vector<std::string> taken(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  return taken;
}

}  // namespace

void add_setting(CLI::App& command, CommandLine& line, const SettingSpec& spec) {
  const std::string flag = "--" + std::string(spec.key);
  const std::string meaning(spec.meaning);
  if (spec.kind == SettingKind::flag) {
    command.add_flag(flag, line.switches[std::string(spec.key)], meaning);
    return;
  }
  CLI::Option* option = command.add_option(flag, line.flags[std::string(spec.key)], meaning);
  option->type_name(std::string(spec.value_name))->allow_extra_args(false);
  option->expected(1)->multi_option_policy(spec.kind == SettingKind::list ? CLI::MultiOptionPolicy::TakeAll
                                                                          : CLI::MultiOptionPolicy::Throw);
}

void add_output_file(CLI::App& command, CommandLine& line) {
  command.add_option("-o,--output", line.output, "write to this file instead of stdout")
      ->type_name("FILE")
      ->transform(stdout_is_none());
}

void add_store_settings(CLI::App& command, CommandLine& line) {
  for (const SettingSpec& spec : setting_specs()) {
    if (spec.key == "data" || spec.key == "api-key-file") add_setting(command, line, spec);
  }
}

CLI::App* add_command(CLI::App& app, CommandLine& line, const std::string& name, const std::string& meaning,
                      const std::string& examples, SubcommandRun run) {
  CLI::App* command = app.add_subcommand(name, meaning);
  command->footer("Examples:\n" + examples);
  command->add_option("--config", line.config, kConfigMeaning)->type_name("FILE");
  command->callback([&line, run = std::move(run)] { line.command = run; });
  return command;
}

int run(int argc, char** argv) {
  if (argc == 2 && argv[1] == analytics::gpu::kWorkerArgument) return analytics::gpu::run_worker();
  if (argc == 2 && argv[1] == analytics::kJobArgument) return analytics::run_job();
  signal(SIGPIPE, SIG_IGN);  // a peer that closes is an error of that one write, never our end
  init_log();

  CLI::App app("Shows where every millisecond of your LLM server's requests went.", "llamatelemetry");
  app.set_version_flag("--version", "llamatelemetry " + std::string(kVersion));
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  app.footer("Every command explains itself: llamatelemetry COMMAND --help");

  CommandLine line;
  add_up(app, line);
  add_status(app, line);
  add_report(app, line);
  add_top(app, line);
  add_query(app, line);
  add_trace(app, line);
  add_doctor(app, line);
  add_probe(app, line);
  add_model_commands(app, line);
  add_graph_command(app, line);
  add_export_command(app, line);
  add_bench_command(app, line);
  add_analyze_command(app, line);

  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  auto engine_arguments = take_engine_arguments(arguments);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  if (const auto unknown = unknown_command(app, arguments)) return bad_usage(*unknown);
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return report_parse_error(app, error);
  }
  if (auto swallowed = swallowed_option(innermost(app)); !swallowed.empty())
    return bad_usage(usage_error(app, std::move(swallowed)));
  if (!engine_arguments.empty()) line.flags["args"] = std::move(engine_arguments);
  if (auto converted = convert(line); !converted) return bad_usage(converted.error());
  const auto settings = settle(line);
  if (!settings) return bad_usage(settings.error());
  return stdout_status(line.command(*settings));
}

}  // namespace llt::app
