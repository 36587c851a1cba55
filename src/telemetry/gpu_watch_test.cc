#include "telemetry/gpu_watch.h"

#include <gtest/gtest.h>

namespace llt::telemetry {
namespace {

using Count = std::optional<std::uint64_t>;

TEST(Rate, IsBytesOverTime) {
  EXPECT_EQ(rate(Count(1000), Count(3000), 0.5), 4000.0);
  EXPECT_EQ(rate(Count(5), Count(5), 1), 0.0);
}

TEST(Rate, CountersWrapAt32Bits) { EXPECT_EQ(rate(Count(0xFFFF'FF00), Count(0x100), 1), 512.0); }

TEST(Rate, IsUnknownWithoutTwoReadings) {
  EXPECT_FALSE(rate(std::nullopt, Count(1), 1));
  EXPECT_FALSE(rate(Count(1), std::nullopt, 1));
  EXPECT_FALSE(rate(Count(1), Count(2), 0));
  EXPECT_FALSE(rate(Count(std::uint64_t{1} << 40), Count(1), 1)) << "a driver that was loaded anew";
}

TEST(ThrottleNames, LeaveOutWhatSlowsNothing) {
  EXPECT_EQ(gpus::throttle_names(0x1 | 0x2), "");
  EXPECT_EQ(gpus::throttle_names(0x4 | 0x40), "power_cap,hardware_thermal");
}

}  // namespace
}  // namespace llt::telemetry
