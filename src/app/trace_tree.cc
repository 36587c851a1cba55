#include "app/trace_tree.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace llt::app {
namespace {

using analytics::kNoSpan;
using analytics::SpanTimes;

// Times and parents of spans that are in order.
std::vector<SpanTimes> times_of(const std::vector<TraceSpan>& spans) {
  std::unordered_map<std::string_view, std::uint32_t> by_id;
  for (std::uint32_t i = 0; i < spans.size(); ++i) by_id.emplace(spans[i].span_id, i);
  std::vector<SpanTimes> times;
  times.reserve(spans.size());
  for (std::uint32_t i = 0; i < spans.size(); ++i) {
    const auto found = by_id.find(spans[i].parent_span_id);
    const bool has = !spans[i].parent_span_id.empty() && found != by_id.end() && found->second != i;
    times.push_back({spans[i].start, spans[i].duration_ns, has ? found->second : kNoSpan});
  }
  return times;
}

}  // namespace

TraceTree TraceTree::build(std::vector<TraceSpan> spans) {
  std::stable_sort(spans.begin(), spans.end(), [](const TraceSpan& a, const TraceSpan& b) {
    return std::pair(a.start, -a.duration_ns) < std::pair(b.start, -b.duration_ns);
  });
  for (TraceSpan& span : spans) span.duration_ns = std::max<std::int64_t>(span.duration_ns, 0);
  TraceTree tree;
  tree.spans = std::move(spans);
  tree.shape = analytics::SpanTree(times_of(tree.spans));
  tree.nodes.resize(tree.spans.size());
  for (std::uint32_t i = 0; i < tree.spans.size(); ++i) {
    const auto children = tree.shape.children(i);
    tree.nodes[i].children.assign(children.begin(), children.end());
  }
  tree.roots.assign(tree.shape.roots().begin(), tree.shape.roots().end());
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
  return analytics::critical_path(tree.shape, static_cast<std::uint32_t>(root));
}

}  // namespace llt::app
