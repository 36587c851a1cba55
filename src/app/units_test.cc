#include "app/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace llt::app {
namespace {

TEST(ParseSize, TakesBytesDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_size("0").value(), 0u);
  EXPECT_EQ(parse_size("4096").value(), 4096u);
  EXPECT_EQ(parse_size("500MB").value(), 500'000'000u);
  EXPECT_EQ(parse_size("15GiB").value(), 15ull << 30);
  EXPECT_EQ(parse_size("1.5KiB").value(), 1536u);
  EXPECT_EQ(parse_size("2 tib").value(), 2ull << 40);
  EXPECT_EQ(parse_size("18446744073709551615").value(), std::numeric_limits<std::uint64_t>::max());
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* text :
       {"", "GiB", "-1", "+1", "1,5GB", "10XB", "1GiB1", "1.GB", " 1", "0x10", "1GiB ", "inf"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(ParseSize, RefusesOverflowInsteadOfWrapping) {
  EXPECT_FALSE(parse_size("18446744073709551616"));
  EXPECT_FALSE(parse_size("16777216TiB"));
  EXPECT_FALSE(parse_size("99999999999999999999999999GiB"));
  EXPECT_TRUE(parse_size("16777215TiB"));
}

TEST(ParseSize, SaysThatABareLetterIsAmbiguous) {
  const auto size = parse_size("10G");
  ASSERT_FALSE(size);
  EXPECT_NE(size.error().hint.find("MiB"), std::string::npos);
}

TEST(ParseDuration, TakesEveryUnitAndSums) {
  EXPECT_EQ(parse_duration("250ms").value(), 250'000'000);
  EXPECT_EQ(parse_duration("30s").value(), 30'000'000'000);
  EXPECT_EQ(parse_duration("5m").value(), 300'000'000'000);
  EXPECT_EQ(parse_duration("7d").value(), 604'800'000'000'000);
  EXPECT_EQ(parse_duration("1h30m").value(), 5'400'000'000'000);
  EXPECT_EQ(parse_duration("0.5s").value(), 500'000'000);
  EXPECT_EQ(parse_duration("3us2ns").value(), 3002);
  EXPECT_EQ(parse_duration("0").value(), 0);
}

TEST(ParseDuration, RefusesWhatIsNoTime) {
  for (const char* text : {"", "5", "s", "-5s", "5 s", "5s ", "5sm", "five", "1y", "5s3"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(ParseDuration, RefusesOverflowAlsoOfTheSum) {
  EXPECT_TRUE(parse_duration("106751d"));
  EXPECT_FALSE(parse_duration("106752d"));
  EXPECT_FALSE(parse_duration("106751d106751d"));
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
}

TEST(FormatDuration, ChoosesTheUnit) {
  EXPECT_EQ(format_duration(0), "0 ns");
  EXPECT_EQ(format_duration(1250), "1.25 us");
  EXPECT_EQ(format_duration(12.34e6), "12.3 ms");
  EXPECT_EQ(format_duration(999.6e6), "1000 ms");
  EXPECT_EQ(format_duration(43e9), "43.0 s");
  EXPECT_EQ(format_duration(7.5e12), "2h05m");
  EXPECT_EQ(format_duration(-1e6), "-1.00 ms");
}

TEST(FormatSize, UsesBinaryUnits) {
  EXPECT_EQ(format_size(512), "512 B");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(10ull << 30), "10.0 GiB");
  EXPECT_EQ(format_size(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

}  // namespace
}  // namespace llt::app
