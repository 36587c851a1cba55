#include "telemetry/steps/engine_health.h"

#include <gtest/gtest.h>

#include <set>

namespace llt::telemetry {
namespace {

class Health : public ::testing::Test {
 protected:
  void step(std::uint32_t tokens, double ms, double gap_ms, bool prompt = false) {
    at += static_cast<SteadyNs>((ms + gap_ms) * 1e6);
    const auto found = health.take({at, tokens, 1, prompt, static_cast<std::int64_t>(ms * 1e6),
                                    static_cast<std::int64_t>(gap_ms * 1e6)});
    for (const Sickness& sickness : found) told.push_back(sickness.kind);
  }
  EngineHealth health;
  SteadyNs at = 1'000'000'000;
  std::vector<std::string> told;
};

TEST_F(Health, AnEngineThatIsWellIsLeftInPeace) {
  for (int i = 0; i < 1000; ++i)
    step(i % 10 == 0 ? 512 : 1, i % 10 == 0 ? 400 : 30 + i % 7, 1.5, i % 10 == 0);
  EXPECT_TRUE(told.empty());
}

TEST_F(Health, StepsOfOneLengthWhateverTheirSize) {
  for (int i = 0; i < 256; ++i) step(i % 4 == 0 ? 512 : 1, i % 4 == 0 ? 3100 : 3000, 1, i % 4 == 0);
  EXPECT_EQ(told, std::vector<std::string>{"engine.steps_constant"});
}

TEST_F(Health, AFastDeviceMayTakeOneLengthForAll) {
  for (int i = 0; i < 256; ++i) step(i % 4 == 0 ? 512 : 1, 4, 1, i % 4 == 0);
  EXPECT_TRUE(told.empty());
}

TEST_F(Health, EqualStepsThatDiffer) {
  for (int i = 0; i < 256; ++i) step(1, i % 5 == 0 ? 600 : 36, 1);
  EXPECT_EQ(told, std::vector<std::string>{"engine.steps_unsteady"});
}

TEST_F(Health, GapsAboveSteps) {
  for (int i = 0; i < 256; ++i) step(1, 5, 9);
  EXPECT_EQ(told, std::vector<std::string>{"engine.gaps_long"});
}

TEST_F(Health, IsToldAgainOnlyAfterAWhileOfHealth) {
  for (int i = 0; i < 256; ++i) step(1, 50, 90);
  for (int i = 0; i < 300; ++i) step(1, 300, 2);  // more than a minute
  for (int i = 0; i < 256; ++i) step(1, 50, 90);
  EXPECT_EQ(told, (std::vector<std::string>{"engine.gaps_long", "engine.gaps_long"}));
}

TEST_F(Health, FewStepsSayNothing) {
  for (int i = 0; i < 60; ++i) step(i % 4 == 0 ? 512 : 1, 3000, 5000, i % 4 == 0);
  EXPECT_TRUE(told.empty());
}

}  // namespace
}  // namespace llt::telemetry
