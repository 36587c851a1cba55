#include "placement/compute_graph.h"

#include <gtest/gtest.h>

namespace llt::placement {
namespace {

TEST(ComputeGraph, TakesAPlaceBackAfterTheLastReader) {
  ComputeGraph graph;
  auto current = graph.input(64);
  for (int i = 0; i < 10; ++i) current = graph.operation(64, {current});
  EXPECT_EQ(graph.peak_bytes(32), 128u);  // the one before and the one after
}

TEST(ComputeGraph, KeepsTheInputsOfAPipeline) {
  ComputeGraph graph;
  auto current = graph.in_place(64, {graph.input(64)});
  for (int i = 0; i < 10; ++i) current = graph.operation(64, {current});
  EXPECT_EQ(graph.peak_bytes(32), 128u);
  EXPECT_EQ(graph.peak_bytes(32, true), 192u);
}

TEST(ComputeGraph, KeepsWhatIsReadLater) {
  ComputeGraph graph;
  const auto first = graph.input(64);
  const auto second = graph.operation(64, {first});
  const auto third = graph.operation(64, {second});
  graph.operation(64, {first, third});
  EXPECT_EQ(graph.peak_bytes(32), 192u);
}

TEST(ComputeGraph, WritesInPlaceOnlyOverWhatNobodyElseReads) {
  ComputeGraph alone;
  alone.in_place(64, {alone.operation(64, {alone.input(32)})});
  EXPECT_EQ(alone.peak_bytes(32), 96u);
  ComputeGraph shared;
  const auto read_twice = shared.operation(64, {shared.input(32)});
  const auto over = shared.in_place(64, {read_twice});
  shared.operation(32, {read_twice, over});
  EXPECT_EQ(shared.peak_bytes(32), 160u);
}

TEST(ComputeGraph, NeverWritesOverAView) {
  ComputeGraph graph;
  const auto result = graph.operation(64, {graph.input(32)});
  graph.in_place(64, {graph.view(result)});
  EXPECT_EQ(graph.peak_bytes(32), 160u);
}

TEST(ComputeGraph, NeverTakesBackWhatWasWrittenThroughAViewThatNobodyReads) {
  ComputeGraph graph;
  const auto rows = graph.operation(64, {graph.input(32)});
  const auto copy = graph.operation(64, {rows});
  graph.written_view(copy, {rows});
  graph.operation(64, {graph.operation(64, {})});
  EXPECT_EQ(graph.peak_bytes(32), 32u + 64 + 64 + 64);
}

TEST(ComputeGraph, FillsTheSmallestGapThatIsLargeEnough) {
  ComputeGraph graph;
  const auto large = graph.input(256);
  const auto between = graph.input(32);
  const auto small = graph.input(64);
  const auto last = graph.input(32);
  graph.consume({large});
  graph.consume({small});
  const auto fits_small = graph.operation(64, {});
  const auto fits_large = graph.operation(256, {});
  graph.consume({between, last, fits_small, fits_large});
  EXPECT_EQ(graph.peak_bytes(32), 384u);
}

TEST(ComputeGraph, RoundsUpToTheAlignment) {
  ComputeGraph graph;
  graph.input(1);
  graph.input(129);
  EXPECT_EQ(graph.peak_bytes(32), 32u + 160);
  EXPECT_EQ(graph.peak_bytes(128), 128u + 256);
  EXPECT_EQ(graph.input_bytes(128), 128u + 256);
}

}  // namespace
}  // namespace llt::placement
