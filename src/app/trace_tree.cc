#include "app/trace_tree.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace llt::app {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// The index of each span's parent, kNone for roots.
std::vector<std::size_t> find_parents(const std::vector<TraceSpan>& spans) {
  std::unordered_map<std::string_view, std::size_t> by_id;
  for (std::size_t i = 0; i < spans.size(); ++i) by_id.emplace(spans[i].span_id, i);
  std::vector<std::size_t> parents(spans.size(), kNone);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto found = by_id.find(spans[i].parent_span_id);
    if (!spans[i].parent_span_id.empty() && found != by_id.end() && found->second != i)
      parents[i] = found->second;
  }
  return parents;
}

// Cuts each ring of ancestors open at its first span.
void break_rings(std::vector<std::size_t>& parents) {
  std::vector<std::size_t> walk(parents.size(), kNone);  // the walk on which a span was met
  for (std::size_t first = 0; first < parents.size(); ++first) {
    std::size_t i = first;
    while (i != kNone && walk[i] == kNone) {
      walk[i] = first;
      i = parents[i];
    }
    if (i == kNone || walk[i] != first) continue;
    std::size_t earliest = i;
    for (std::size_t j = parents[i]; j != i; j = parents[j]) earliest = std::min(earliest, j);
    parents[earliest] = kNone;
  }
}

// One span whose part [begin, cursor) of the path is still to be found.
struct Frame {
  std::size_t span;
  UnixNs begin, cursor;
  std::vector<std::size_t> by_end;  // children, last end first
  std::size_t next = 0;             // children before it end at or after the cursor
  std::size_t running = kNone;      // of these the one that began first
};

Frame make_frame(const TraceTree& tree, std::size_t span, UnixNs begin, UnixNs end) {
  Frame frame{span, begin, end, tree.nodes[span].children};
  std::stable_sort(frame.by_end.begin(), frame.by_end.end(),
                   [&](std::size_t a, std::size_t b) { return tree.spans[a].end() > tree.spans[b].end(); });
  return frame;
}

}  // namespace

TraceTree TraceTree::build(std::vector<TraceSpan> spans) {
  std::stable_sort(spans.begin(), spans.end(), [](const TraceSpan& a, const TraceSpan& b) {
    return std::pair(a.start, -a.duration_ns) < std::pair(b.start, -b.duration_ns);
  });
  for (TraceSpan& span : spans) span.duration_ns = std::max<std::int64_t>(span.duration_ns, 0);
  TraceTree tree;
  tree.spans = std::move(spans);
  tree.nodes.resize(tree.spans.size());
  auto parents = find_parents(tree.spans);
  break_rings(parents);
  for (std::size_t i = 0; i < parents.size(); ++i) {
    (parents[i] == kNone ? tree.roots : tree.nodes[parents[i]].children).push_back(i);
  }
  std::vector<std::size_t> pending(tree.roots.rbegin(), tree.roots.rend());
  while (!pending.empty()) {
    const std::size_t span = pending.back();
    pending.pop_back();
    tree.depth_first.push_back(span);
    const auto& children = tree.nodes[span].children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      tree.nodes[*child].depth = tree.nodes[span].depth + 1;
      pending.push_back(*child);
    }
  }
  if (!tree.spans.empty()) {
    tree.start = tree.spans.front().start;
    tree.end = tree.start;
    for (const TraceSpan& span : tree.spans) tree.end = std::max(tree.end, span.end());
  }
  return tree;
}

std::vector<PathSegment> critical_path(const TraceTree& tree, std::size_t root) {
  std::vector<PathSegment> path;
  std::vector<Frame> stack;
  stack.push_back(make_frame(tree, root, tree.spans[root].start, tree.spans[root].end()));
  while (!stack.empty()) {
    Frame& frame = stack.back();
    while (frame.next < frame.by_end.size() && tree.spans[frame.by_end[frame.next]].end() >= frame.cursor) {
      const std::size_t child = frame.by_end[frame.next++];
      if (frame.running == kNone || tree.spans[child].start < tree.spans[frame.running].start)
        frame.running = child;
    }
    if (frame.cursor <= frame.begin) {
      stack.pop_back();
      continue;
    }
    const UnixNs cursor = frame.cursor;
    if (frame.running != kNone && tree.spans[frame.running].start < cursor) {
      frame.cursor = std::max(tree.spans[frame.running].start, frame.begin);
      const std::size_t child = frame.running;
      const UnixNs begin = frame.cursor;
      stack.push_back(make_frame(tree, child, begin, cursor));  // `frame` is not valid from here on
      continue;
    }
    const UnixNs last_end =
        frame.next < frame.by_end.size() ? tree.spans[frame.by_end[frame.next]].end() : frame.begin;
    frame.cursor = std::max(last_end, frame.begin);
    path.push_back({frame.span, frame.cursor, cursor - frame.cursor});
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace llt::app
