#pragma once
// What the console says of traces: a list, one as a whole, what a window of it shows, one row.

#include <string_view>

#include "views/reply.h"
#include "views/target.h"
#include "views/trace/trace_cache.h"

namespace llt::views {

/// `find` (a request id, a trace id, or the beginning of one), `order` (slowest, newest), `limit` (1 to 200),
/// `errors=1`: `{"traces":[...]}`.
[[nodiscard]] Reply list_traces(store::Reader& reader, const Target& target);

/// Whether describe_trace() (`fresh`), show_rows() or describe_row() of this target need no more time than a
/// sketch takes: whoever asks shall not wait for a large trace that is being read.
[[nodiscard]] bool is_soon(TraceCache& cache, std::string_view id, const Target& target, bool fresh);

/// A trace with its tracks, requests, critical path and reasons; no rows. Here and below `sketch=1` asks for
/// what can be said at once: of a large trace that was not read yet a sketch.
[[nodiscard]] Reply describe_trace(store::Reader& reader, TraceCache& cache, std::string_view id,
                                   const Target& target);

/// `from`, `to` (ns from the trace's beginning), `pixels` (1 to 8192), `lane`, `lanes` (at most 512).
[[nodiscard]] Reply show_rows(store::Reader& reader, TraceCache& cache, std::string_view id,
                              const Target& target);

/// Row `row` of the answer of show_rows(), in full; `of` is the number of rows that the trace had then.
[[nodiscard]] Reply describe_row(store::Reader& reader, TraceCache& cache, std::string_view id,
                                 std::string_view row, const Target& target);

/// The window that a request asks for; the name of a parameter that is wrong.
struct WindowRequest {
  Window window;
  std::string_view wrong;
};
[[nodiscard]] WindowRequest parse_window(const Target& target, std::int64_t duration_ns);

}  // namespace llt::views
