#pragma once
// Spans as a tree, and the chain of work that a trace's duration consists of: times and parents alone.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/clock.h"

namespace llt::analytics {

inline constexpr std::uint32_t kNoSpan = UINT32_MAX;

struct SpanTimes {
  UnixNs start = 0;
  std::int64_t duration_ns = 0;
  std::uint32_t parent = kNoSpan;  ///< an index; kNoSpan for a root

  [[nodiscard]] UnixNs end() const noexcept { return start + duration_ns; }
};

/// Every span stands once. Of spans that are each other's ancestors the first becomes a root.
class SpanTree {
 public:
  /// `spans` are in order of start, and of those that start at once the longer first; no duration is
  /// negative.
  explicit SpanTree(std::vector<SpanTimes> spans);

  [[nodiscard]] const std::vector<SpanTimes>& spans() const noexcept { return spans_; }
  [[nodiscard]] const std::vector<std::uint32_t>& roots() const noexcept { return roots_; }
  /// In order of start.
  [[nodiscard]] std::span<const std::uint32_t> children(std::uint32_t span) const noexcept {
    return {children_.data() + first_child_[span], first_child_[span + 1] - first_child_[span]};
  }

 private:
  std::vector<SpanTimes> spans_;
  std::vector<std::uint32_t> roots_, children_, first_child_;
};

/// A stretch of time in which a span itself, and none of its children, was what everybody waited for.
struct PathSegment {
  std::size_t span = 0;
  UnixNs start = 0;
  std::int64_t duration_ns = 0;

  friend bool operator==(const PathSegment&, const PathSegment&) = default;
};

/// The critical path below `root`: segments in order of time that cover the root's duration exactly.
///
/// It is found backwards from the root's end. At each moment the child that runs is on the path; of children
/// that run at once the one that began first, since it explains the most. Where no child runs the span
/// itself is. Children that outlive their parent count up to its end. Time O(n log n), no recursion.
[[nodiscard]] std::vector<PathSegment> critical_path(const SpanTree& tree, std::uint32_t root);

/// The same segments as they are found, the last first.
void walk_critical_path(const SpanTree& tree, std::uint32_t root,
                        const std::function<void(const PathSegment&)>& take);

}  // namespace llt::analytics
