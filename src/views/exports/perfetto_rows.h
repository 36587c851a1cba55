#pragma once
// From rows of the store to tracks and events: one class for each group of tracks.

#include "store/reader.h"
#include "views/exports/perfetto.h"

namespace llt::views {

/// Which rows belong into the trace.
struct PerfettoScope {
  UnixNs from = 0, to = 0;  ///< what begins outside is left out
  std::string trace;        ///< requests and spans: only of this one; empty: all
  bool steps = false;       ///< the store has the tables of the engine's probe

  /// SQL: whether what begins at `column` is inside.
  [[nodiscard]] std::string during(std::string_view column) const;
  /// SQL for rows that have a trace id.
  [[nodiscard]] std::string of_trace(std::string_view column) const;
};

[[nodiscard]] Result<std::uint64_t> write_requests(store::Reader& reader, const PerfettoScope& scope,
                                                   PerfettoWriter& writer);
[[nodiscard]] Result<std::uint64_t> write_spans(store::Reader& reader, const PerfettoScope& scope,
                                                PerfettoWriter& writer);
/// Batch steps, and the turns of the slots.
[[nodiscard]] Result<std::uint64_t> write_steps(store::Reader& reader, const PerfettoScope& scope,
                                                PerfettoWriter& writer);
[[nodiscard]] Result<std::uint64_t> write_gpus(store::Reader& reader, const PerfettoScope& scope,
                                               PerfettoWriter& writer);
[[nodiscard]] Result<std::uint64_t> write_gauges(store::Reader& reader, const PerfettoScope& scope,
                                                 PerfettoWriter& writer);
[[nodiscard]] Result<> write_events(store::Reader& reader, const PerfettoScope& scope,
                                    PerfettoWriter& writer);

}  // namespace llt::views
