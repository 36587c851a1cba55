#pragma once
// The longest spans of a large trace, which are there long before all of it is read.

#include <memory>
#include <string>

#include "views/trace/trace_index.h"

namespace llt::views {

/// Most spans of a sketch.
inline constexpr std::size_t kSketchSpans = 5000;

/// Of a trace with more than kSketchSpans: the phases of its requests and its longest spans, in true times
/// and below their parents as far as these are among them; no engine, no critical path. Takes less than a
/// tenth of a second for a million spans. Of any other trace what load_trace() gives.
[[nodiscard]] Result<std::shared_ptr<const TraceIndex>> sketch_trace(store::Reader& reader,
                                                                     const std::string& trace_id);

}  // namespace llt::views
