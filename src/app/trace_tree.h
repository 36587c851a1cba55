#pragma once
// The spans of one trace as a tree, and the chain of work that its duration consists of.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analytics/span_tree.h"
#include "base/clock.h"

namespace llt::app {

struct TraceSpan {
  std::string span_id, parent_span_id;  ///< the parent is empty for a root
  std::string name, kind, service_name, status_code, status_message, attributes_json;
  UnixNs start = 0;
  std::int64_t duration_ns = 0;

  [[nodiscard]] UnixNs end() const noexcept { return start + duration_ns; }
};

/// A span's place. `children` are indices into TraceTree::spans in order of start.
struct TraceNode {
  std::vector<std::size_t> children;
  std::size_t depth = 0;
};

/// Every span stands once. Spans whose parent is not there are roots; of spans that are each other's
/// ancestors the earliest becomes a root; of two spans with one id the first is the parent of both's
/// children.
struct TraceTree {
  std::vector<TraceSpan> spans;
  std::vector<TraceNode> nodes;          ///< one for each span
  std::vector<std::size_t> roots;        ///< in order of start
  std::vector<std::size_t> depth_first;  ///< the order for printing
  UnixNs start = 0, end = 0;             ///< of all spans together
  analytics::SpanTree shape{{}};         ///< the same spans as times and parents

  [[nodiscard]] static TraceTree build(std::vector<TraceSpan> spans);
};

using analytics::PathSegment;

/// As analytics::critical_path(), which says how it is found. Segments name spans by index.
[[nodiscard]] std::vector<PathSegment> critical_path(const TraceTree& tree, std::size_t root);

}  // namespace llt::app
