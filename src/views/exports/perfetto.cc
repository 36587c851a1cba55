#include "views/exports/perfetto.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "views/exports/perfetto_rows.h"
#include "views/exports/rows.h"

namespace llt::views {
namespace {

/// From the first to the last moment of which something is asked.
Result<PerfettoScope> scope_of(store::Reader& reader, const PerfettoRequest& request) {
  PerfettoScope scope;
  scope.trace = request.trace;
  const auto tables = table_names(reader);
  if (!tables) return std::unexpected(tables.error());
  scope.steps = std::ranges::find(*tables, "step_members") != tables->end();
  scope.from = request.since.value_or(0);
  scope.to = std::numeric_limits<UnixNs>::max();
  const std::string sql =
      fmt::format("SELECT min(start_unix_ns), max(start_unix_ns + duration_ns) FROM spans WHERE {} AND {}",
                  scope.during("start_unix_ns"), scope.of_trace("trace_id"));
  bool found = false;
  auto read = for_each_row(reader, sql, [&](const Row& row) -> Result<> {
    found = row.known(0);
    if (!found || request.trace.empty()) return {};
    scope.from = row.integer(0).value_or(0);
    scope.to = row.integer(1).value_or(0) + 1;
    return {};
  });
  if (!read) return std::unexpected(read.error());
  if (found) return scope;
  if (request.trace.empty())
    return fail(ErrorCode::not_found, "nothing is stored of that time", "give a longer --since, or none");
  return fail(ErrorCode::not_found, fmt::format("no trace {} is stored", request.trace),
              "'llamatelemetry trace' finds one by its beginning or by a request's id");
}

}  // namespace

Result<PerfettoCounts> write_perfetto(store::Reader& reader, const PerfettoRequest& request,
                                      const ByteSink& sink, const PerfettoProgress& progress) {
  const auto scope = scope_of(reader, request);
  if (!scope) return std::unexpected(scope.error());
  PerfettoWriter writer(sink);
  if (auto begun = writer.begin(scope->from); !begun) return std::unexpected(begun.error());
  using Part = Result<std::uint64_t> (*)(store::Reader&, const PerfettoScope&, PerfettoWriter&);
  PerfettoCounts counts;
  struct Stage {
    const char* what;
    Part write;
    std::uint64_t& count;
  };
  const Stage stages[] = {{"requests", write_requests, counts.requests},
                          {"batch steps", write_steps, counts.steps},
                          {"queue", write_gauges, counts.samples},
                          {"GPUs", write_gpus, counts.samples},
                          {"spans of others", write_spans, counts.spans}};
  for (const Stage& stage : stages) {
    progress(stage.what, writer.events());
    const auto written = stage.write(reader, *scope, writer);
    if (!written) return std::unexpected(written.error());
    stage.count += *written;
  }
  if (auto written = write_events(reader, *scope, writer); !written) return std::unexpected(written.error());
  if (auto finished = writer.finish(); !finished) return std::unexpected(finished.error());
  return counts;
}

}  // namespace llt::views
