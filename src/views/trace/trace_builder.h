#pragma once
// From what the store knows of a trace to rows in lanes.

#include <memory>

#include "views/trace/trace_parts.h"

namespace llt::views {

/// not_found when nothing is known of the trace.
[[nodiscard]] Result<std::shared_ptr<const TraceIndex>> build_index(TraceParts parts);

}  // namespace llt::views
