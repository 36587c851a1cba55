#pragma once
// What the files that describe the command line share.

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "app/bench_options.h"
#include "app/commands.h"
#include "app/export_options.h"
#include "app/settings.h"

namespace llt::app {

// What one command line said; filled by CLI11, read when the subcommand runs.
struct CommandLine {
  FlagValues flags;
  std::map<std::string, bool> switches;
  std::string config;
  StatusOptions status;
  QueryOptions query;
  ReportOptions report;
  TopOptions top;
  TraceOptions trace;
  DoctorOptions doctor;
  GgufOptions gguf;
  SynthOptions synth;
  PlanOptions plan;
  GraphOptions graph;
  ExportOptions exports;
  BenchOptions bench;
  AnalyzeOptions analyze;
  std::string since, window = "1m", output, html, gpu_memory;
  std::optional<std::string> slo;
  std::function<int(const Settings&)> command;
};

using SubcommandRun = std::function<int(const Settings&)>;

/// A subcommand with its help text and the option --config. `line` must live as long as `app`.
CLI::App* add_command(CLI::App& app, CommandLine& line, const std::string& name, const std::string& meaning,
                      const std::string& examples, SubcommandRun run);

/// The options by which the looking commands find the store.
void add_store_settings(CLI::App& command, CommandLine& line);

/// The option -o FILE.
void add_output_file(CLI::App& command, CommandLine& line);

/// One option that may also stand in the environment or a file.
void add_setting(CLI::App& command, CommandLine& line, const SettingSpec& spec);

/// The commands about model files: gguf, plan, synth.
void add_model_commands(CLI::App& app, CommandLine& line);

void add_graph_command(CLI::App& app, CommandLine& line);

void add_export_command(CLI::App& app, CommandLine& line);

void add_bench_command(CLI::App& app, CommandLine& line);

void add_analyze_command(CLI::App& app, CommandLine& line);

}  // namespace llt::app
