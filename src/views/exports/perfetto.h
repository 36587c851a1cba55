#pragma once
// What the store knows of a time as a trace for Perfetto's UI and trace processor.

#include <optional>

#include "store/reader.h"
#include "views/exports/perfetto_writer.h"

namespace llt::views {

struct PerfettoRequest {
  std::optional<UnixNs> since;  ///< what began earlier is left out
  std::string trace;            ///< only this trace, and what ran beside it; empty: all
};

struct PerfettoCounts {
  std::uint64_t requests = 0, steps = 0, spans = 0, samples = 0;
};

/// Told what is being read, and how many events there are.
using PerfettoProgress = std::function<void(std::string_view what, std::uint64_t events)>;

/// Errors: not_found (nothing of that trace, or nothing at all, is stored), those of the store and the sink.
[[nodiscard]] Result<PerfettoCounts> write_perfetto(store::Reader& reader, const PerfettoRequest& request,
                                                    const ByteSink& sink, const PerfettoProgress& progress);

}  // namespace llt::views
