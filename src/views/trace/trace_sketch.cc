#include "views/trace/trace_sketch.h"

#include <fmt/format.h>

#include "store/row_scanner.h"
#include "views/trace/trace_builder.h"

namespace llt::views {
namespace {

// Of all spans, in one look: when they are, how many, and how long the last is that is drawn.
struct Extent {
  UnixNs start = 0, end = 0;
  std::size_t spans = 0;
  std::int64_t least_duration_ns = 0;
};

Result<Extent> read_extent(store::Reader& reader, const PartsReader& trace) {
  const std::string sql = fmt::format(
      "SELECT min(start_unix_ns), greatest(max(start_unix_ns), max(start_unix_ns + duration_ns)), count(*), "
      "list_min(max(duration_ns, {})){}",
      kSketchSpans, trace.of_its_spans());
  Extent extent;
  const auto done = store::scan(reader, sql, {}, [&extent](const store::RowChunk& row) {
    if (row.is_null(0, 0)) return true;  // retention was faster
    extent = {.start = row.numbers(0)[0],
              .end = row.numbers(1)[0],
              .spans = static_cast<std::size_t>(row.numbers(2)[0]),
              .least_duration_ns = row.numbers(3)[0]};
    return true;
  });
  if (!done) return std::unexpected(done.error());
  return extent;
}

// Knowing how long they are at least spares sorting all rows, which takes three times as long.
Result<> read_longest(store::Reader& reader, PartsReader& trace) {
  const auto extent = read_extent(reader, trace);
  if (!extent) return std::unexpected(extent.error());
  trace.parts.spans.clear();
  trace.parts.index.spans = extent->spans;
  if (extent->spans == 0) return {};
  trace.parts.stretch(extent->start, extent->end);
  const auto more = trace.read_spans(fmt::format("AND duration_ns >= {} ORDER BY duration_ns DESC LIMIT {}",
                                                 extent->least_duration_ns, kSketchSpans),
                                     kSketchSpans);
  if (!more) return std::unexpected(more.error());
  return {};
}

}  // namespace

Result<std::shared_ptr<const TraceIndex>> sketch_trace(store::Reader& reader, const std::string& trace_id) {
  PartsReader trace(reader, trace_id, {});
  if (auto done = trace.read_requests(); !done) return std::unexpected(done.error());
  const auto more = trace.read_spans("", kSketchSpans);
  if (!more) return std::unexpected(more.error());
  trace.parts.index.whole = !*more;
  if (auto done = *more ? read_longest(reader, trace) : trace.read_engines(); !done)
    return std::unexpected(done.error());
  return build_index(std::move(trace.parts));
}

}  // namespace llt::views
