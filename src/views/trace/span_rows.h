#pragma once
// The spans of a trace in order, each with the place of its parent.

#include <cstdint>
#include <deque>
#include <vector>

#include "analytics/span_tree.h"

namespace llt::views {

struct SpanLabel {
  std::uint32_t name = 0;
  std::uint32_t service : 31 = 0;
  std::uint32_t failed : 1 = 0;
};

/// A span as it was read.
struct SpanRow {
  std::uint64_t id = 0, parent = 0;  ///< as span_id_number() makes them; 0: none
  UnixNs start = 0;
  std::int64_t duration = 0;  ///< not negative
  SpanLabel label;
};

/// By start; of those that start at once the longer first, then the smaller id. What stands at one place of
/// these belongs together.
struct OrderedSpans {
  std::vector<std::uint64_t> ids;
  std::vector<SpanLabel> labels;
  std::vector<analytics::SpanTimes> times;  ///< for SpanTree
  std::size_t orphans = 0;                  ///< name a parent that is not among them
};

/// O(n), however the rows stand. Of spans with one id the first is the parent. A deque, so that a million
/// rows are not copied while they come.
[[nodiscard]] OrderedSpans order_spans(const std::deque<SpanRow>& rows);

}  // namespace llt::views
