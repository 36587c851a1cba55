#include "engine/liveness.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/server_reader.h"

namespace llt::engine {
namespace {

constexpr SteadyNs kSecond = 1'000'000'000;

TEST(RestartPolicyTest, BacksOffAndGivesUp) {
  RestartPolicy policy(4, 300'000, 250, 1'000);
  EXPECT_EQ(policy.next(1 * kSecond), 250);
  EXPECT_EQ(policy.next(2 * kSecond), 500);
  EXPECT_EQ(policy.next(3 * kSecond), 1'000);
  EXPECT_EQ(policy.next(4 * kSecond), 1'000);
  EXPECT_EQ(policy.next(5 * kSecond), std::nullopt);
}

TEST(RestartPolicyTest, OldRestartsAreForgotten) {
  RestartPolicy policy(2, 10'000, 250, 1'000);
  EXPECT_EQ(policy.next(0), 250);
  EXPECT_EQ(policy.next(1 * kSecond), 500);
  EXPECT_EQ(policy.next(2 * kSecond), std::nullopt);
  EXPECT_EQ(policy.next(20 * kSecond), 250);
}

TEST(LoadMeterTest, ProgressIsTheShareOfTheFileThatArrived) {
  LoadMeter meter(1'000, 0);
  EXPECT_EQ(meter.progress(), 0);
  meter.observe({250, 10, 1}, 0, kSecond);
  EXPECT_DOUBLE_EQ(*meter.progress(), 0.25);
  meter.observe({250, 750, 1}, 0, kSecond);
  EXPECT_DOUBLE_EQ(*meter.progress(), 0.75);
  meter.observe({5'000, 750, 1}, 0, kSecond);
  EXPECT_DOUBLE_EQ(*meter.progress(), 0.99);
  EXPECT_EQ(LoadMeter(0, 0).progress(), std::nullopt);
}

TEST(LoadMeterTest, AnyMovementCounts) {
  LoadMeter meter(1'000, 0);
  meter.observe({1, 0, 0}, 0, 1 * kSecond);
  EXPECT_EQ(meter.silent_ns(5 * kSecond), 4 * kSecond);
  meter.observe({1, 1, 0}, 0, 5 * kSecond);
  EXPECT_EQ(meter.silent_ns(5 * kSecond), 0);
  meter.observe({1, 1, 9}, 0, 6 * kSecond);
  EXPECT_EQ(meter.silent_ns(6 * kSecond), 0);
  meter.observe({1, 1, 9}, 7 * kSecond, 8 * kSecond);
  EXPECT_EQ(meter.silent_ns(8 * kSecond), 1 * kSecond);
}

TEST(HangDetectorTest, SilentAndIdleIsAHang) {
  HangDetector hang(10'000, 0);
  for (SteadyNs now = kSecond; now < 10 * kSecond; now += kSecond) {
    hang.observe(5, 0, now);
    EXPECT_FALSE(hang.hung(now)) << now;
  }
  hang.observe(5, 0, 10 * kSecond);
  EXPECT_TRUE(hang.hung(10 * kSecond));
}

TEST(HangDetectorTest, BytesOfRequestsAndHealthAreSignsOfLife) {
  HangDetector hang(10'000, 0);
  hang.observe(5, 8 * kSecond, 9 * kSecond);
  EXPECT_FALSE(hang.hung(15 * kSecond));
  hang.health_answered(16 * kSecond);
  EXPECT_FALSE(hang.hung(25 * kSecond));
  EXPECT_TRUE(hang.hung(26 * kSecond));
}

TEST(HangDetectorTest, HardWorkBuysTimeButNotForEver) {
  HangDetector hang(10'000, 0);
  const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  std::uint64_t ticks = 0;
  for (SteadyNs now = kSecond; now < 100 * kSecond; now += kSecond) {
    ticks += ticks_per_second;  // one whole CPU
    hang.observe(ticks, 0, now);
    ASSERT_FALSE(hang.hung(now)) << now;
  }
  EXPECT_TRUE(hang.hung(100 * kSecond));
}

TEST(ProcessUseTest, OurselvesAreThere) {
  const auto use = process_use(::getpid());
  EXPECT_GT(use.resident_bytes, 100'000u);
  EXPECT_EQ(process_use(0).resident_bytes, 0u);
}

TEST(SamplePaceTest, SlowsDownWhileFailing) {
  SamplePace pace(2'000);
  EXPECT_TRUE(pace.due(1));
  pace.failed(0);
  EXPECT_FALSE(pace.due(3 * kSecond));
  EXPECT_TRUE(pace.due(4 * kSecond));
  for (int i = 0; i < 10; ++i) pace.failed(0);
  EXPECT_TRUE(pace.due(30 * kSecond));
  pace.answered(0);
  EXPECT_TRUE(pace.due(2 * kSecond));
}

}  // namespace
}  // namespace llt::engine
