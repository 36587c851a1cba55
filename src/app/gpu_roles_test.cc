#include "app/gpu_roles.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "app/machine_cards.h"

namespace llt::app {
namespace {

TEST(ProcessRole, KnowsOursAndOthers) {
  const std::int64_t own = getpid();
  const std::vector<std::int64_t> engines{0, getppid()};
  EXPECT_EQ(process_role(own, engines, own), "llamatelemetry");
  EXPECT_EQ(process_role(getppid(), engines, own), "engine");
  EXPECT_EQ(process_role(1, {}, own), "stranger");
  EXPECT_EQ(process_role(std::int64_t{1} << 30, engines, own), "unknown");
}

TEST(Misplaced, NamesWhoHasNoBusinessThere) {
  const std::vector<telemetry::GpuProcessState> processes{
      {11, "engine", 1u << 30}, {12, "unknown", {}}, {13, "stranger", {}}};
  EXPECT_EQ(misplaced(0, "engine", processes).size(), 1u);
  EXPECT_EQ(misplaced(0, "engine and analytics", processes).size(), 1u);
  EXPECT_EQ(misplaced(0, "analytics", processes).size(), 2u);
  EXPECT_EQ(misplaced(0, "unused", processes).size(), 1u);
  EXPECT_TRUE(misplaced(0, "", processes).empty());
}

gpus::Gpu gpu(int index, std::string uuid) {
  gpus::Gpu made;
  made.index = index;
  made.uuid = std::move(uuid);
  return made;
}

TEST(IsVisible, FollowsCuda) {
  const gpus::Gpu first = gpu(0, "GPU-aaaa-1"), second = gpu(1, "GPU-bbbb-2");
  EXPECT_TRUE(is_visible(first, nullptr) && is_visible(second, nullptr));
  EXPECT_TRUE(is_visible(first, "0,1") && is_visible(second, "0,1"));
  EXPECT_TRUE(!is_visible(first, "1") && is_visible(second, "1"));
  EXPECT_TRUE(!is_visible(first, "GPU-bbbb") && is_visible(second, "GPU-bbbb"));
  EXPECT_TRUE(!is_visible(first, "") && !is_visible(second, "-1"));
  EXPECT_TRUE(is_visible(first, "0,x,1") && !is_visible(second, "0,x,1"));
}

}  // namespace
}  // namespace llt::app
