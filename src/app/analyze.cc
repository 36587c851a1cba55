// `llamatelemetry analyze`: makes one SELECT of a question about a table, and runs it as `query` does; or has
// it answered by a GPU, and shows that answer as `query` would.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "analytics/gpu/find.h"
#include "analytics/table_on_gpu.h"
#include "app/analytics_place.h"
#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/print.h"
#include "app/source.h"
#include "app/sql.h"
#include "app/units.h"
#include "base/clock.h"

namespace llt::app {
namespace {

using analytics::TableQuestion;

bool needs_time(const AnalyzeOptions& options) {
  return options.since_ns || analytics::needs_time(options.question.operation);
}

// The column that tables of ours have their time in.
Result<std::string> time_column(const Settings& settings, const TableQuestion& question) {
  auto source = Source::make(settings);
  if (!source) return std::unexpected(source.error());
  const bool select = question.from.find_first_of(" \t\r\n(") != std::string::npos;
  const auto columns = query_rows(**source, select ? "DESCRIBE " + question.from
                                                   : fmt::format("DESCRIBE SELECT * FROM {}", question.from));
  if (!columns) return std::unexpected(columns.error());
  for (const char* name : {"start_unix_ns", "unix_ns"}) {
    const auto has = [&](const auto& column) { return column.value("column_name", "") == name; };
    if (std::ranges::any_of(*columns, has)) return std::string(name);
  }
  return fail(ErrorCode::invalid_argument, "the rows have neither start_unix_ns nor unix_ns",
              "name the column with the time, in nanoseconds, with --time");
}

Result<> fill_times(const Settings& settings, const AnalyzeOptions& options, TableQuestion& question) {
  const auto set = [](const std::string& text, std::int64_t& to, const char* flag) -> Result<> {
    if (text.empty()) return {};
    const auto parsed = parse_duration(text);
    if (!parsed)
      return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", flag, parsed.error().message),
                  parsed.error().hint);
    to = *parsed;
    return {};
  };
  if (auto done = set(options.every, question.every_ns, "--every"); !done) return done;
  if (auto done = set(options.window, question.window_ns, "--window"); !done) return done;
  if (options.since_ns) question.since_ns = now_unix() - *options.since_ns;
  if (!question.time.empty() || !needs_time(options)) return {};
  auto column = time_column(settings, question);
  if (!column) return std::unexpected(column.error());
  question.time = std::move(*column);
  return {};
}

// Whether the GPU is to be tried, and why; for --backend auto.
Result<analytics::TableChoice> choose(store::Reader& reader, const TableQuestion& question) {
  if (!analytics::size_decides(question)) return analytics::choose_table(question, 0, 0);
  if (const auto found = analytics::gpu::find_installation(); !found)  // nothing to count rows for
    return analytics::TableChoice{.gpu = false, .why = "instead of the GPU: " + found.error().message};
  const auto sizes = query_rows(reader, analytics::table_size_sql(question));
  if (!sizes) return std::unexpected(sizes.error());
  const auto& size = sizes->at(0);
  return analytics::choose_table(question, size.value("rows", 0.0), size.value("window_rows", 0.0));
}

void say(std::string_view who, std::string_view why) {
  print_err("llamatelemetry: answered by {}: {}\n", who, why);
}

// For people: six digits where there are decimals, and moments as dates. All other formats have every digit.
std::string to_read(const TableQuestion& question, const std::string& sql) {
  const auto columns = analytics::figure_columns(question);
  const bool has_time = analytics::needs_time(question.operation);
  for (const std::string& key : question.by) {  // keys stand as they are, whatever they are called
    if (std::ranges::find(columns, key) != columns.end() || key == "time") return sql;
  }
  std::string replaced = has_time ? "make_timestamp_ns(\"time\") AS \"time\"" : "";
  for (const std::string& column : columns) {
    replaced += fmt::format(
        "{0}CASE WHEN isfinite(\"{1}\") AND \"{1}\" <> 0 THEN round(\"{1}\", greatest(0, 5 - "
        "TRY_CAST(floor(log10(abs(nullif(\"{1}\", 0)))) AS INTEGER))) ELSE \"{1}\" END AS \"{1}\"",
        replaced.empty() ? "" : ", ", column);
  }
  return fmt::format("SELECT * REPLACE ({}) FROM ({})", replaced, sql);
}

// Runs what stands in `options`, in the format asked for.
int show(store::Reader& reader, const AnalyzeOptions& options) {
  QueryOptions output = options.output;
  if (output.format.empty() || output.format == "table") output.sql = to_read(options.question, output.sql);
  return run_query_of(reader, output);
}

// By DuckDB, where the rows are. `said`: whether to say so.
int on_cpu(store::Reader& reader, const AnalyzeOptions& options, bool said, std::string_view why) {
  if (said) say("the CPU", why);
  return show(reader, options);
}

int on_gpu(store::Reader& reader, AnalyzeOptions& options, const analytics::GpuOptions& gpu, bool insist,
           const std::string& why) {
  const auto run = analytics::ask_gpu(reader, options.question, gpu);
  if (!run && run.error().code == ErrorCode::not_found && run.error().message == analytics::kNoRows)
    return on_cpu(reader, options, true, run.error().message);
  if (!run && insist) return failed(run.error());
  if (!run) return on_cpu(reader, options, true, "instead of the GPU: " + run.error().message);
  say(fmt::format("the GPU ({})", run->version), why);
  options.output.sql = run->sql;
  return show(*run->rows, options);
}

int answer(const Settings& settings, AnalyzeOptions& options, AnalyticsPlace& place) {
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  const bool asked = !options.backend.empty();
  if (place.want == analytics::Want::cpu) return on_cpu(**source, options, asked, "asked for");
  if (place.want == analytics::Want::gpu) {
    bound_memory(settings, place);
    return on_gpu(**source, options, place.gpu, true, "asked for");
  }
  const auto choice = choose(**source, options.question);
  if (!choice) return failed(choice.error());
  if (!choice->gpu) return on_cpu(**source, options, asked, choice->why);
  bound_memory(settings, place);
  return on_gpu(**source, options, place.gpu, false, choice->why);
}

}  // namespace

int run_analyze(const Settings& settings, const AnalyzeOptions& given) {
  AnalyzeOptions options = given;
  const auto operation = analytics::find_table_operation(options.operation);
  if (!operation) {
    return bad_usage({ErrorCode::invalid_argument,
                      fmt::format("there is no operation '{}'", options.operation),
                      "choose one of group, histogram, buckets, rolling, anomalies"});
  }
  options.question.operation = *operation;
  if (options.question.from.empty()) options.question.from = "requests";
  if (auto filled = fill_times(settings, options, options.question); !filled)
    return filled.error().code == ErrorCode::invalid_argument ? bad_usage(filled.error())
                                                              : failed(filled.error());
  const auto sql = analytics::table_sql(options.question);
  if (!sql) return bad_usage(sql.error());
  if (options.show_sql) return std::printf("%s\n", sql->c_str()) < 0 ? kFailed : kDone;
  options.output.sql = *sql;
  auto place = analytics_place(settings, options.backend, options.gpu_memory_bytes);
  if (!place) return bad_usage(place.error());
  return answer(settings, options, *place);
}

}  // namespace llt::app
