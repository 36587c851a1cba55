// `llamatelemetry analyze`: makes one SELECT of a question about a table, and runs it as `query` does.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/source.h"
#include "app/sql.h"
#include "app/units.h"
#include "base/clock.h"

namespace llt::app {
namespace {

using analytics::TableOperation;
using analytics::TableQuestion;

bool needs_time(const AnalyzeOptions& options) {
  return options.since_ns || options.question.operation == TableOperation::buckets ||
         options.question.operation == TableOperation::rolling ||
         options.question.operation == TableOperation::anomalies;
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
  return run_query(settings, options.output);
}

}  // namespace llt::app
