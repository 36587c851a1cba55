#include "telemetry/environment.h"

#include <gtest/gtest.h>

#include "telemetry/name_sets.h"

namespace llt::telemetry {
namespace {

TEST(Environment, PairsAreTrimmedAndDecoded) {
  const auto pairs = parse_pairs(" a = 1 ,b=two%20words,broken,=x,c=%zz,d=50%");
  EXPECT_EQ(pairs,
            (std::map<std::string, std::string>{{"a", "1"}, {"b", "two words"}, {"c", "%zz"}, {"d", "50%"}}));
  EXPECT_TRUE(parse_pairs("").empty());
}

TEST(Environment, NumbersThatAreNoneFallBack) {
  const Environment environment = fixed_environment({{"GOOD", " 250 "}, {"BAD", "10s"}, {"MINUS", "-1"}});
  EXPECT_EQ(integer_or(environment, "GOOD", 7), 250);
  EXPECT_EQ(integer_or(environment, "BAD", 7), 7);
  EXPECT_EQ(integer_or(environment, "MINUS", 7), 7);
  EXPECT_EQ(integer_or(environment, "UNSET", 7), 7);
}

TEST(Environment, TrueIsTrueInAnyCase) {
  const Environment environment =
      fixed_environment({{"A", "TRUE"}, {"B", "True"}, {"C", "1"}, {"D", "false"}});
  EXPECT_TRUE(is_true(environment, "A"));
  EXPECT_TRUE(is_true(environment, "B"));
  EXPECT_FALSE(is_true(environment, "C"));
  EXPECT_FALSE(is_true(environment, "D"));
}

NameSets sets(const char* value) {
  return NameSets::from_environment(fixed_environment({{"OTEL_SEMCONV_STABILITY_OPT_IN", value}}));
}

TEST(NameSets, ReleasedNamesUnlessAskedOtherwise) {
  EXPECT_TRUE(sets("").rel);
  EXPECT_FALSE(sets("http").main);
  const NameSets latest = sets("http, gen_ai_latest_experimental");
  EXPECT_TRUE(latest.main);
  EXPECT_FALSE(latest.rel);
  const NameSets both = sets("gen_ai_latest_experimental/dup");
  EXPECT_TRUE(both.main && both.rel);
}

}  // namespace
}  // namespace llt::telemetry
