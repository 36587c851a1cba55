#pragma once
// Which lane each span of a trace is drawn in.

#include <cstdint>
#include <vector>

#include "analytics/span_tree.h"

namespace llt::views {

struct SpanLanes {
  std::vector<std::uint32_t> lane;  ///< of each span
  std::uint32_t lanes = 0;
  std::size_t early_children = 0;  ///< began before their parents: the clocks of two machines differ
};

/// Each span lies below its parent, in the first lane that is free when it starts; no two spans of a lane
/// overlap. A child that begins before its parent does not lie below it. O(n log n).
[[nodiscard]] SpanLanes place_spans(const analytics::SpanTree& tree);

}  // namespace llt::views
