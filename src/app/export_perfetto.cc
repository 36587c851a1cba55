// `llamatelemetry export perfetto`.

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/exit_codes.h"
#include "app/export_options.h"
#include "app/output.h"
#include "app/print.h"
#include "app/progress_line.h"
#include "app/source.h"
#include "app/units.h"
#include "views/exports/perfetto.h"

namespace llt::app {
namespace {

Result<> check(const ExportOptions& options) {
  if (options.output) return {};
  if (options.json)
    return fail(ErrorCode::invalid_argument, "--json and the trace cannot both go to stdout",
                "name a file for the trace with -o");
  if (isatty(STDOUT_FILENO) == 1)
    return fail(ErrorCode::invalid_argument, "a trace is not for a terminal",
                "write it to a file with -o FILE");
  return {};
}

void say(const ExportOptions& options, const views::PerfettoCounts& counts, std::uint64_t bytes) {
  if (options.json) {
    const nlohmann::ordered_json document = {{"path", *options.output},   {"requests", counts.requests},
                                             {"steps", counts.steps},     {"spans", counts.spans},
                                             {"samples", counts.samples}, {"bytes", bytes}};
    print_out("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  print_out("{}  {} requests, {} batch steps, {} spans of others, {} samples, {}\n", *options.output,
            counts.requests, counts.steps, counts.spans, counts.samples, format_size(bytes));
  print_err("Open it in https://ui.perfetto.dev: the page reads it in the browser and sends it nowhere.\n");
}

}  // namespace

int run_export_perfetto(const Settings& settings, const ExportOptions& options) {
  if (auto checked = check(options); !checked) return bad_usage(checked.error());
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  auto output = Output::open(options.output);
  if (!output) return failed(output.error());
  views::PerfettoRequest request{{}, options.trace};
  if (options.since_ns) request.since = now_unix() - *options.since_ns;
  ProgressLine line;
  const views::ByteSink sink = [&](std::string_view piece) {
    if (line.due()) line.show(fmt::format("written: {}", format_size(output->bytes())));
    return output->write(piece);
  };
  const auto counts =
      views::write_perfetto(**source, request, sink, [&](std::string_view what, std::uint64_t events) {
        if (line.due()) line.show(fmt::format("{} ({} events so far)", what, events));
      });
  line.clear();
  if (!counts) return failed(counts.error());
  if (auto finished = output->finish(); !finished) return failed(finished.error());
  if (options.output) say(options, *counts, output->bytes());
  return kDone;
}

}  // namespace llt::app
