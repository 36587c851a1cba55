// Rows in lanes: nothing is lost, nothing counted twice, and the answer stays small.

#include "views/trace/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "views/trace/lanes.h"

namespace llt::views {
namespace {

TimelineRow row(std::int64_t start, std::int64_t end, std::uint32_t lane = 0, std::uint8_t marks = 0) {
  return {.start = start, .end = end, .lane = lane, .marks = marks};
}

Timeline random_rows(std::mt19937& dice, std::size_t count, std::uint32_t lanes) {
  std::vector<TimelineRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = static_cast<std::int64_t>(dice() % 1'000'000);
    rows.push_back(row(start, start + static_cast<std::int64_t>(dice() % (i % 7 == 0 ? 50'000 : 40)), dice() % lanes,
                       i % 97 == 0 ? kFailed : 0));
  }
  return Timeline(std::move(rows));
}

TEST(Timeline, ShowsWideRowsAsTheyAre) {
  const Timeline timeline({row(0, 100), row(100, 300), row(400, 500, 2)});
  const Blocks shown = timeline.show({.from = 0, .to = 500, .pixels = 50});
  ASSERT_EQ(shown.blocks.size(), 3U);
  EXPECT_EQ(shown.pixel_ns, 10);
  EXPECT_EQ(timeline.lanes(), 3U);
  EXPECT_EQ(shown.blocks[1].start, 100);
  EXPECT_EQ(shown.blocks[1].end, 300);
  EXPECT_EQ(shown.blocks[1].rows, 1U);
}

TEST(Timeline, MergesWhatIsNarrowerThanAPixel) {
  const Timeline timeline({row(0, 2), row(3, 4, 0, kFailed), row(5, 9), row(10, 60), row(70, 71)});
  const Blocks shown = timeline.show({.from = 0, .to = 100, .pixels = 10});
  ASSERT_EQ(shown.blocks.size(), 3U);
  EXPECT_EQ(shown.blocks[0].rows, 3U);
  EXPECT_EQ(shown.blocks[0].busy_ns, 7);
  EXPECT_EQ(shown.blocks[0].marks, kFailed);
  EXPECT_EQ(timeline.rows()[shown.blocks[0].row].start, 5);  // the longest of them
  EXPECT_EQ(shown.blocks[1].rows, 1U);
  EXPECT_EQ(shown.blocks[1].marks, 0);
}

TEST(Timeline, AWideRowAtTheEndOfAPixelStandsAlone) {
  const Timeline timeline({row(0, 1), row(2, 3), row(9, 80)});
  const Blocks shown = timeline.show({.from = 0, .to = 100, .pixels = 10});
  ASSERT_EQ(shown.blocks.size(), 2U);
  EXPECT_EQ(shown.blocks[0].rows, 2U);
  EXPECT_EQ(shown.blocks[1].end, 80);
}

TEST(Timeline, CutsRowsThatOverlap) {
  const Timeline timeline({row(0, 100), row(50, 70), row(60, 40)});
  EXPECT_EQ(timeline.rows()[0].end, 50);
  EXPECT_EQ(timeline.rows()[1].end, 60);
  EXPECT_EQ(timeline.rows()[2].end, 60);
}

TEST(Timeline, CountsEachRowOnceAtEveryZoom) {
  std::mt19937 dice(7);
  const Timeline timeline = random_rows(dice, 20'000, 5);
  for (const std::uint32_t pixels : {1U, 10U, 333U, 5000U}) {
    const Blocks shown = timeline.show({.from = 0, .to = 1'100'000, .pixels = pixels});
    std::uint64_t rows = 0, failed = 0;
    std::int64_t busy = 0;
    for (const Block& block : shown.blocks) {
      rows += block.rows;
      busy += block.busy_ns;
      failed += (block.marks & kFailed) != 0 ? 1U : 0U;
      EXPECT_EQ(block.rows > 1 && block.end - block.start >= 2 * shown.pixel_ns, false);
    }
    EXPECT_EQ(rows, timeline.rows().size()) << pixels;
    std::int64_t all = 0;
    for (const TimelineRow& r : timeline.rows()) all += r.end - r.start;
    EXPECT_EQ(busy, all);
    EXPECT_GT(failed, 0U);
    EXPECT_LE(shown.blocks.size(), std::size_t{5} * 3 * pixels + 10);
  }
}

TEST(Timeline, NamesTheLongestOfWhatItMerges) {
  std::mt19937 dice(11);
  std::vector<TimelineRow> rows;
  for (std::int64_t i = 0; i < 5000; ++i) rows.push_back(row(i * 100, i * 100 + static_cast<std::int64_t>(dice() % 100)));
  const Timeline timeline(rows);
  const Blocks shown = timeline.show({.from = 0, .to = 500'000, .pixels = 3});
  std::size_t at = 0;
  for (const Block& block : shown.blocks) {
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < block.rows; ++i, ++at)
      longest = std::max(longest, timeline.rows()[at].end - timeline.rows()[at].start);
    EXPECT_EQ(timeline.rows()[block.row].end - timeline.rows()[block.row].start, longest);
  }
}

TEST(Timeline, StaysBoundedWhateverIsAsked) {
  std::mt19937 dice(3);
  const Timeline timeline = random_rows(dice, 200'000, 500);
  const Blocks shown = timeline.show({.from = 0, .to = 1'000'000, .pixels = 8192, .lanes = 512});
  EXPECT_LE(shown.blocks.size(), Timeline::kMostBlocks);
  std::uint64_t rows = 0;
  for (const Block& block : shown.blocks) rows += block.rows;
  EXPECT_EQ(rows, timeline.rows().size());
}

TEST(Timeline, EmptyIsEmpty) {
  EXPECT_EQ(Timeline().lanes(), 0U);
  EXPECT_TRUE(Timeline(std::vector<TimelineRow>{}).show({.from = 5, .to = 4}).blocks.empty());
}

analytics::SpanTree tree(std::vector<analytics::SpanTimes> spans) { return analytics::SpanTree(std::move(spans)); }

TEST(Lanes, ChildrenLieBelowTheirParents) {
  constexpr auto kRoot = analytics::kNoSpan;
  const SpanLanes placed = place_spans(tree({{0, 100, kRoot}, {10, 50, 0}, {20, 20, 1}, {30, 60, 0}, {95, 3, 0}}));
  EXPECT_EQ(placed.lane, (std::vector<std::uint32_t>{0, 1, 2, 3, 1}));
  EXPECT_EQ(placed.lanes, 4U);
}

TEST(Lanes, NeverOverlap) {
  std::mt19937 dice(5);
  std::vector<analytics::SpanTimes> spans;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    spans.push_back({static_cast<std::int64_t>(dice() % 10'000), static_cast<std::int64_t>(dice() % 500),
                     i == 0 ? analytics::kNoSpan : dice() % 3000});
  }
  std::ranges::sort(spans, [](const auto& a, const auto& b) { return std::pair(a.start, -a.duration_ns) < std::pair(b.start, -b.duration_ns); });
  const analytics::SpanTree made = tree(spans);
  const SpanLanes placed = place_spans(made);
  std::vector<std::int64_t> free(placed.lanes, 0);
  for (std::size_t i = 0; i < made.spans().size(); ++i) {
    EXPECT_LE(free[placed.lane[i]], made.spans()[i].start);
    free[placed.lane[i]] = made.spans()[i].end();
    const std::uint32_t parent = made.spans()[i].parent;
    if (parent < i) EXPECT_GT(placed.lane[i], placed.lane[parent]);
  }
  EXPECT_GT(placed.early_children, 0U);
}

TEST(Lanes, EverythingAtOnceTakesALaneEach) {
  std::vector<analytics::SpanTimes> spans(100'000, {5, 10, analytics::kNoSpan});
  EXPECT_EQ(place_spans(tree(spans)).lanes, 100'000U);
}

}  // namespace
}  // namespace llt::views
