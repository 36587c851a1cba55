#include "analytics/span_tree.h"

#include <algorithm>

namespace llt::analytics {
namespace {

// Whether every span stands behind its parent: then there is no ring. Only clocks that differ make it
// otherwise.
bool parents_come_first(const std::vector<SpanTimes>& spans) {
  for (std::uint32_t i = 0; i < spans.size(); ++i) {
    if (spans[i].parent != kNoSpan && spans[i].parent >= i) return false;
  }
  return true;
}

// Cuts each ring of ancestors open at its first span.
void break_rings(std::vector<SpanTimes>& spans) {
  if (parents_come_first(spans)) return;
  std::vector<std::uint32_t> walk(spans.size(), kNoSpan);  // the walk on which a span was met
  for (std::uint32_t first = 0; first < spans.size(); ++first) {
    std::uint32_t i = first;
    while (i != kNoSpan && walk[i] == kNoSpan) {
      walk[i] = first;
      i = spans[i].parent;
    }
    if (i == kNoSpan || walk[i] != first) continue;
    std::uint32_t earliest = i;
    for (std::uint32_t j = spans[i].parent; j != i; j = spans[j].parent) earliest = std::min(earliest, j);
    spans[earliest].parent = kNoSpan;
  }
}

// One span whose part [begin, cursor) of the path is still to be found.
struct Frame {
  std::uint32_t span;
  UnixNs begin, cursor;
  std::vector<std::uint32_t> by_end;  // children, last end first
  std::size_t next = 0;               // children before it end at or after the cursor
  std::uint32_t running = kNoSpan;    // of these the one that began first
};

Frame make_frame(const SpanTree& tree, std::uint32_t span, UnixNs begin, UnixNs end) {
  const auto children = tree.children(span);
  const auto& spans = tree.spans();
  const auto ends_later = [&](auto a, auto b) { return spans[a].end() > spans[b].end(); };
  const auto ends_no_earlier = [&](auto a, auto b) { return spans[a].end() >= spans[b].end(); };
  // Children that follow one another, as most do, end in the order in which they start.
  if (std::ranges::adjacent_find(children, ends_no_earlier) == children.end())
    return {span, begin, end, {children.rbegin(), children.rend()}};
  Frame frame{span, begin, end, {children.begin(), children.end()}};
  std::ranges::stable_sort(frame.by_end, ends_later);
  return frame;
}

}  // namespace

SpanTree::SpanTree(std::vector<SpanTimes> spans) : spans_(std::move(spans)) {
  break_rings(spans_);
  first_child_.assign(spans_.size() + 1, 0);
  for (const SpanTimes& span : spans_) {
    if (span.parent != kNoSpan) ++first_child_[span.parent + 1];
  }
  for (std::size_t i = 1; i < first_child_.size(); ++i) first_child_[i] += first_child_[i - 1];
  children_.resize(first_child_.back());
  std::vector<std::uint32_t> next(first_child_.begin(), first_child_.end() - 1);
  for (std::uint32_t i = 0; i < spans_.size(); ++i) {
    const std::uint32_t parent = spans_[i].parent;
    if (parent == kNoSpan)
      roots_.push_back(i);
    else
      children_[next[parent]++] = i;
  }
}

void walk_critical_path(const SpanTree& tree, std::uint32_t root,
                        const std::function<void(const PathSegment&)>& take) {
  const auto& spans = tree.spans();
  std::vector<Frame> stack;
  stack.push_back(make_frame(tree, root, spans[root].start, spans[root].end()));
  while (!stack.empty()) {
    Frame& frame = stack.back();
    while (frame.next < frame.by_end.size() && spans[frame.by_end[frame.next]].end() >= frame.cursor) {
      const std::uint32_t child = frame.by_end[frame.next++];
      if (frame.running == kNoSpan || spans[child].start < spans[frame.running].start) frame.running = child;
    }
    if (frame.cursor <= frame.begin) {
      stack.pop_back();
      continue;
    }
    const UnixNs cursor = frame.cursor;
    if (frame.running != kNoSpan && spans[frame.running].start < cursor) {
      frame.cursor = std::max(spans[frame.running].start, frame.begin);
      const std::uint32_t child = frame.running;
      const UnixNs begin = frame.cursor;
      if (tree.children(child).empty()) {
        take({child, begin, cursor - begin});
        continue;
      }
      stack.push_back(make_frame(tree, child, begin, cursor));  // `frame` is not valid from here on
      continue;
    }
    const UnixNs last_end =
        frame.next < frame.by_end.size() ? spans[frame.by_end[frame.next]].end() : frame.begin;
    frame.cursor = std::max(last_end, frame.begin);
    take({frame.span, frame.cursor, cursor - frame.cursor});
  }
}

std::vector<PathSegment> critical_path(const SpanTree& tree, std::uint32_t root) {
  std::vector<PathSegment> path;
  walk_critical_path(tree, root, [&path](const PathSegment& segment) { path.push_back(segment); });
  std::ranges::reverse(path);
  return path;
}

}  // namespace llt::analytics
