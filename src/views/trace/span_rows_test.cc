// Spans in order whatever order they come in, and their ids as they were written.

#include "views/trace/span_rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "views/trace/names.h"
#include "views/trace/span_ids.h"

namespace llt::views {
namespace {

using analytics::kNoSpan;

SpanRow span(std::uint64_t id, std::uint64_t parent, UnixNs start, std::int64_t duration) {
  return {.id = id, .parent = parent, .start = start, .duration = duration, .label = {}};
}

TEST(SpanIds, AreWrittenAsTheyWereRead) {
  SpanIds ids;
  for (const char* text : {"00000000000000aa", "b7ad6b7169203331", "ffffffffffffffff", "0123456789abcdef",
                           "0000000000000000", "B7AD6B7169203331", "b7ad6b716920333g", "b7ad6b716920333`",
                           "b7ad6b71692033:1", "1", "not an id at all, but somebody's", "g7ad6b7169203331"}) {
    const std::uint64_t number = ids.keep(text);
    EXPECT_NE(number, 0U) << text;
    EXPECT_EQ(number, span_id_number(text)) << text;
    EXPECT_EQ(ids.text(number), text);
  }
  EXPECT_EQ(span_id_number("b7ad6b7169203331"), 0xb7ad6b7169203331U);
  EXPECT_EQ(span_id_number(""), 0U);
}

TEST(SpanIds, EveryByteIsADigitOrNot) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string text = "1000000000000000";
    text[9] = static_cast<char>(byte);
    const bool digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
    EXPECT_EQ(fmt::format("{:016x}", span_id_number(text)) == text, digit) << byte;
    SpanIds ids;
    EXPECT_EQ(ids.text(ids.keep(text)), text);
  }
}

TEST(Names, AreNumberedOnce) {
  Names names;
  EXPECT_EQ(names.number("a"), 0U);
  EXPECT_EQ(names.number(""), 1U);
  for (std::uint32_t i = 0; i < 3000; ++i) EXPECT_EQ(names.number(fmt::format("name {}", i)), i + 2);
  EXPECT_EQ(names.number("a"), 0U);
  EXPECT_EQ(names.number("name 2"), 4U);
  EXPECT_EQ(names.text(1), "");
  EXPECT_EQ(names.take().size(), 3002U);
}

TEST(OrderSpans, SortsLikeAComparisonOfEverything) {
  std::mt19937_64 dice(7);
  for (const std::int64_t range : std::initializer_list<std::int64_t>{1, 40, 1'000'000'000'000, INT64_MAX}) {
    std::deque<SpanRow> rows;
    for (std::uint64_t id = 1; id <= 5000; ++id) {
      const auto start = static_cast<std::int64_t>(dice() % static_cast<std::uint64_t>(range));
      rows.push_back(
          span(id * 7919 % 5003, 0, id % 2 == 0 ? start : -start, static_cast<std::int64_t>(dice() % 3)));
    }
    std::deque<SpanRow> wanted = rows;
    std::ranges::sort(wanted, {},
                      [](const SpanRow& row) { return std::tuple(row.start, -row.duration, row.id); });
    const OrderedSpans spans = order_spans(rows);
    ASSERT_EQ(spans.ids.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_EQ(spans.ids[i], wanted[i].id);
      ASSERT_EQ(spans.times[i].start, wanted[i].start);
      ASSERT_EQ(spans.times[i].duration_ns, wanted[i].duration);
    }
  }
}

TEST(OrderSpans, FindsParentsWhereverTheyStand) {
  const OrderedSpans spans =
      order_spans({span(3, 2, 20, 5), span(4, 9, 30, 5), span(2, 1, 10, 50), span(1, 0, 0, 100),
                   span(5, 2, 40, 5), span(6, 6, 50, 5), span(7, 9, 60, 5)});
  EXPECT_EQ(spans.ids, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7}));
  std::vector<std::uint32_t> parents;
  for (const auto& one : spans.times) parents.push_back(one.parent);
  EXPECT_EQ(parents, (std::vector<std::uint32_t>{kNoSpan, 0, 1, kNoSpan, 1, kNoSpan, kNoSpan}));
  EXPECT_EQ(spans.orphans, 2U);
}

TEST(OrderSpans, TheFirstOfTwoWithOneIdIsTheParent) {
  const OrderedSpans spans = order_spans({span(1, 0, 5, 1), span(1, 0, 0, 1), span(2, 1, 6, 1)});
  EXPECT_EQ(spans.times[2].parent, 0U);
  EXPECT_EQ(order_spans({}).ids.size(), 0U);
}

}  // namespace
}  // namespace llt::views
