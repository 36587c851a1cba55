#include "engine/repeat_filter.h"

#include <gtest/gtest.h>

namespace llt::engine {
namespace {

TEST(RepeatFilterTest, OneAMinuteOfThoseThatDifferInNumbersOnly) {
  RepeatFilter filter;
  EXPECT_EQ(filter.admit("slot 1: task 45 cancelled", 0), 0u);
  EXPECT_EQ(filter.admit("slot 0: task 1234 cancelled", 1), std::nullopt);
  EXPECT_EQ(filter.admit("slot 2: task 9 cancelled", RepeatFilter::kQuietNs - 1), std::nullopt);
  EXPECT_EQ(filter.admit("slot 2: task 9 cancelled", RepeatFilter::kQuietNs), 2u);
  EXPECT_EQ(filter.admit("slot 2: task 9 cancelled", 2 * RepeatFilter::kQuietNs), 0u);
}

TEST(RepeatFilterTest, OtherWordsAreAnotherLine) {
  RepeatFilter filter;
  EXPECT_EQ(filter.admit("no memory", 0), 0u);
  EXPECT_EQ(filter.admit("no disk", 0), 0u);
  EXPECT_EQ(filter.admit("", 0), 0u);
}

TEST(RepeatFilterTest, LinesWithoutEndAreBounded) {
  RepeatFilter filter;
  for (std::size_t i = 0; i < 10 * RepeatFilter::kMostShapes; ++i)
    EXPECT_EQ(filter.admit(std::string(i + 1, 'x'), 0), 0u);
}

}  // namespace
}  // namespace llt::engine
