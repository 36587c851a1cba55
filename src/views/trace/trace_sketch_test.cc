// A sketch through the real store: what it shows is true, and it never shows more than it may.

#include "views/trace/trace_sketch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "store/test_support.h"

namespace llt::views {
namespace {

constexpr UnixNs kBegin = 1'800'000'000'000'000'000;
const std::string kTrace = "0123456789abcdef0123456789abcdef";

class Sketch : public ::testing::Test {
 protected:
  // `count` spans, one each microsecond.
  void add_spans(int count, const std::function<std::int64_t(int)>& duration_ns) {
    for (int i = 0; i < count; ++i) {
      store::SpanRow row;
      row.trace_id = kTrace;
      row.span_id = fmt::format("{:016x}", i + 1);
      row.name = "work";
      row.kind = "INTERNAL";
      row.start_unix_ns = kBegin + i * 1000;
      row.duration_ns = duration_ns(i);
      row.status_code = "UNSET";
      row.service_name = "workers";
      store_->append(std::move(row));
    }
    ASSERT_TRUE(store_->flush(10'000));
  }

  std::shared_ptr<const TraceIndex> sketch() {
    auto made = sketch_trace(*store_, kTrace);
    EXPECT_TRUE(made.has_value()) << made.error().to_string();
    return made ? *made : std::make_shared<const TraceIndex>();
  }

  store::testing::TempDir dir_;
  std::unique_ptr<store::Store> store_ = store::testing::must_open_for_ever(dir_.path());
};

TEST_F(Sketch, HoldsTheLongestSpansAndTheTimesOfAll) {
  add_spans(6000, [](int i) { return i < 1000 ? 500 : 1000 + i; });  // the first thousand are the shortest
  const auto trace = sketch();
  EXPECT_FALSE(trace->whole);
  EXPECT_EQ(trace->spans, 6000U);
  EXPECT_EQ(trace->start, kBegin);                   // of a span that is not drawn
  EXPECT_EQ(trace->duration_ns, 5'999'000 + 6'999);  // to the end of the last
  ASSERT_EQ(trace->timeline.rows().size(), kSketchSpans);
  std::set<std::int64_t> starts;
  for (const TimelineRow& row : trace->timeline.rows()) {
    EXPECT_EQ(row.end - row.start, 1000 + row.start / 1000);
    starts.insert(row.start);
  }
  EXPECT_EQ(starts.size(), kSketchSpans);
  EXPECT_EQ(*starts.begin(), 1'000'000);
}

TEST_F(Sketch, EndsWithTheLastSpanThoughThatIsShort) {
  add_spans(6000, [](int i) { return i == 5999 ? 1 : 2000; });
  EXPECT_EQ(sketch()->duration_ns, 5'998'000 + 2000);
  add_spans(1, [](int) { return -50; });  // a clock that was set back
  EXPECT_EQ(sketch()->duration_ns, 5'998'000 + 2000);
}

TEST_F(Sketch, TakesNoMoreThanItMayOfSpansOfOneDuration) {
  add_spans(6000, [](int i) { return i == 3000 ? 900 : 7; });
  const auto trace = sketch();
  ASSERT_EQ(trace->timeline.rows().size(), kSketchSpans);
  bool longest = false;
  for (const TimelineRow& row : trace->timeline.rows()) longest = longest || row.end - row.start == 900;
  EXPECT_TRUE(longest);
}

TEST_F(Sketch, OfASmallTraceIsTheWhole) {
  add_spans(kSketchSpans, [](int i) { return i; });
  const auto trace = sketch();
  EXPECT_TRUE(trace->whole);
  EXPECT_EQ(trace->spans, kSketchSpans);
  EXPECT_EQ(trace->timeline.rows().size(), kSketchSpans);
  EXPECT_FALSE(trace->path.empty());
}

TEST_F(Sketch, OfNothingSaysSo) {
  const auto none = sketch_trace(*store_, kTrace);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace llt::views
