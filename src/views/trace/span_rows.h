#pragma once
// The spans of a trace as numbers, in order, each with the place of its parent.

#include <cstdint>
#include <vector>

#include "analytics/span_tree.h"

namespace llt::views {

struct SpanRow {
  std::uint64_t id = 0, parent = 0;  ///< as span_id_number() makes them; 0: none
  UnixNs start = 0;
  std::int64_t duration = 0;  ///< not negative
  std::uint32_t name = 0;
  std::uint32_t service : 31 = 0;
  std::uint32_t failed : 1 = 0;
};

/// By start; of those that start at once the longer first, then the smaller id. O(n), however they stand.
void sort_spans(std::vector<SpanRow>& spans);

struct LinkedSpans {
  std::vector<analytics::SpanTimes> times;  ///< for SpanTree
  std::size_t orphans = 0;                  ///< name a parent that is not among them
};

/// `spans` are sorted. Of spans with one id the first is the parent.
[[nodiscard]] LinkedSpans link_spans(const std::vector<SpanRow>& spans);

}  // namespace llt::views
