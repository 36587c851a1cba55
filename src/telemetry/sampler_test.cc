#include "telemetry/sampler.h"

#include <gtest/gtest.h>

namespace llt::telemetry {
namespace {

Sampler make(const char* name, const char* argument = "") {
  return Sampler::from_environment(
      fixed_environment({{"OTEL_TRACES_SAMPLER", name}, {"OTEL_TRACES_SAMPLER_ARG", argument}}));
}

int taken(const Sampler& sampler, int of, std::optional<bool> parent = std::nullopt) {
  int count = 0;
  for (int i = 0; i < of; ++i) count += sampler.decide(random_trace_id(), parent) ? 1 : 0;
  return count;
}

TEST(Sampler, TheSixStandardSamplers) {
  EXPECT_EQ(taken(make("always_on"), 100), 100);
  EXPECT_EQ(taken(make("always_on"), 100, false), 100);
  EXPECT_EQ(taken(make("always_off"), 100), 0);
  EXPECT_EQ(taken(make("always_off"), 100, true), 0);
  EXPECT_EQ(taken(make("parentbased_always_on"), 100), 100);
  EXPECT_EQ(taken(make("parentbased_always_on"), 100, false), 0);
  EXPECT_EQ(taken(make("parentbased_always_off"), 100), 0);
  EXPECT_EQ(taken(make("parentbased_always_off"), 100, true), 100);
  EXPECT_EQ(taken(make("parentbased_traceidratio", "0.25"), 100, true), 100);
  EXPECT_EQ(taken(make("parentbased_traceidratio", "0.25"), 100, false), 0);
}

TEST(Sampler, RatioTakesItsShare) {
  EXPECT_NEAR(taken(make("traceidratio", "0.25"), 20'000), 5'000, 400);
  EXPECT_EQ(taken(make("traceidratio", "0"), 1'000), 0);
  EXPECT_EQ(taken(make("traceidratio", "1"), 1'000), 1'000);
  EXPECT_EQ(taken(make("traceidratio"), 1'000), 1'000);
}

TEST(Sampler, DecidesByTheLowHalfOfTheTraceId) {
  const Sampler half = make("traceidratio", "0.5");
  EXPECT_TRUE(half.decide(*TraceId::from_hex("ffffffffffffffff0000000000000001"), std::nullopt));
  EXPECT_FALSE(half.decide(*TraceId::from_hex("0000000000000000ffffffffffffffff"), std::nullopt));
}

TEST(Sampler, WhatIsNotUnderstoodIsTheDefault) {
  EXPECT_EQ(taken(make("jaeger_remote"), 100), 100);
  EXPECT_EQ(taken(make("jaeger_remote"), 100, false), 0);
  EXPECT_EQ(taken(make("traceidratio", "1.5"), 100), 100);
  EXPECT_EQ(taken(make("traceidratio", "half"), 100), 100);
}

}  // namespace
}  // namespace llt::telemetry
