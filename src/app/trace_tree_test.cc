#include "app/trace_tree.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace llt::app {
namespace {

TraceSpan span(std::string id, std::string parent, UnixNs start, UnixNs end) {
  TraceSpan s;
  s.span_id = std::move(id);
  s.parent_span_id = std::move(parent);
  s.start = start;
  s.duration_ns = end - start;
  return s;
}

// The path as "a:0-10 b:10-20".
std::string path_of(std::vector<TraceSpan> spans) {
  const auto tree = TraceTree::build(std::move(spans));
  std::string text;
  for (const PathSegment& s : critical_path(tree, tree.roots.front())) {
    text += (text.empty() ? "" : " ") + tree.spans[s.span].span_id + ":" + std::to_string(s.start) + "-" +
            std::to_string(s.start + s.duration_ns);
  }
  return text;
}

TEST(CriticalPath, OfOneSpanIsThatSpan) { EXPECT_EQ(path_of({span("a", "", 0, 10)}), "a:0-10"); }

TEST(CriticalPath, GoesThroughSequentialChildren) {
  EXPECT_EQ(path_of({span("a", "", 0, 100), span("b", "a", 10, 40), span("c", "a", 40, 90)}),
            "a:0-10 b:10-40 c:40-90 a:90-100");
}

TEST(CriticalPath, FollowsTheChildThatRunsWhenTheParentEnds) {
  EXPECT_EQ(path_of({span("a", "", 0, 100), span("b", "a", 10, 60), span("c", "a", 20, 100)}),
            "a:0-10 b:10-20 c:20-100");
}

TEST(CriticalPath, PrefersTheLongestOfChildrenThatRunAtOnce) {
  EXPECT_EQ(path_of({span("a", "", 0, 100), span("b", "a", 0, 100), span("c", "a", 50, 100)}), "b:0-100");
}

TEST(CriticalPath, CutsChildrenThatOutliveTheirParent) {
  EXPECT_EQ(path_of({span("a", "", 0, 100), span("b", "a", 50, 300), span("c", "a", 150, 200)}),
            "a:0-50 b:50-100");
}

TEST(CriticalPath, CutsChildrenThatBeginBeforeTheirParent) {
  EXPECT_EQ(path_of({span("r", "", 0, 100), span("a", "r", 40, 90), span("b", "a", 10, 60)}),
            "r:0-40 b:40-60 a:60-90 r:90-100");
}

TEST(CriticalPath, DescendsToTheLeaves) {
  EXPECT_EQ(path_of({span("a", "", 0, 100), span("b", "a", 10, 90), span("c", "b", 20, 80),
                     span("d", "c", 30, 70)}),
            "a:0-10 b:10-20 c:20-30 d:30-70 c:70-80 b:80-90 a:90-100");
}

TEST(CriticalPath, SpansWithoutDurationTakeNoTimeOnIt) {
  EXPECT_EQ(path_of({span("a", "", 0, 10), span("b", "a", 5, 5), span("c", "a", 10, 10)}), "a:0-5 a:5-10");
}

TEST(CriticalPath, CoversTheRootExactlyWhateverTheChildrenAre) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<TraceSpan> spans{span("0", "", 100, 1000)};
    for (int i = 1; i < 40; ++i) {
      const auto start = static_cast<UnixNs>(random() % 1100);
      spans.push_back(span(std::to_string(i), std::to_string(random() % static_cast<unsigned>(i)), start,
                           start + static_cast<UnixNs>(random() % 400)));
    }
    const auto tree = TraceTree::build(std::move(spans));
    std::size_t root = 0;
    while (tree.spans[root].span_id != "0") ++root;
    UnixNs at = 100;
    for (const PathSegment& segment : critical_path(tree, root)) {
      EXPECT_EQ(segment.start, at);
      EXPECT_GT(segment.duration_ns, 0);
      at += segment.duration_ns;
    }
    EXPECT_EQ(at, 1000);
  }
}

TEST(CriticalPath, IsNotRecursive) {
  std::vector<TraceSpan> spans;
  constexpr int kDepth = 200'000;
  for (int i = 0; i < kDepth; ++i) {
    spans.push_back(span(std::to_string(i), i == 0 ? "" : std::to_string(i - 1), i, 2 * kDepth - i));
  }
  const auto tree = TraceTree::build(std::move(spans));
  EXPECT_EQ(critical_path(tree, tree.roots.front()).size(), 2u * kDepth - 1);
}

TEST(TraceTree, MakesRootsOfOrphansAndRings) {
  const auto tree = TraceTree::build({span("a", "missing", 0, 10), span("x", "y", 1, 2), span("y", "x", 2, 3),
                                      span("s", "s", 4, 5), span("b", "a", 3, 4)});
  EXPECT_EQ(tree.roots.size(), 3u);
  EXPECT_EQ(tree.depth_first.size(), tree.spans.size());
}

TEST(TraceTree, KeepsSpansThatShareAnId) {
  const auto tree = TraceTree::build({span("a", "", 0, 10), span("a", "", 1, 9), span("b", "a", 2, 3)});
  EXPECT_EQ(tree.roots.size(), 2u);
  EXPECT_EQ(tree.depth_first.size(), 3u);
}

}  // namespace
}  // namespace llt::app
