#include "telemetry/steps/step_cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace llt::telemetry {
namespace {

// An engine with known costs: 4 ms a step, 0.5 ms a prompt token, 0.8 ms a generated one, 1 us a position.
std::int64_t true_cost(const std::vector<StepLoad>& members) {
  double ns = 4e6;
  for (const auto& m : members) ns += 5e5 * m.prefill_tokens + 8e5 * m.decode_tokens + 1e3 * m.attended;
  return static_cast<std::int64_t>(ns);
}

std::vector<StepLoad> random_step(std::mt19937& random) {
  std::vector<StepLoad> members;
  const auto decoding = random() % 4;
  for (unsigned i = 0; i < decoding; ++i) members.push_back({0, 1, static_cast<double>(random() % 4000)});
  if (random() % 3 == 0 || members.empty()) {
    const auto tokens = 1 + static_cast<std::uint32_t>(random() % 512);
    members.push_back({tokens, 0, tokens * static_cast<double>(random() % 2000)});
  }
  return members;
}

TEST(StepCost, LearnsTheCostsOfAnAdditiveEngine) {
  std::mt19937 random(7);
  StepCost model;
  for (int i = 0; i < 400; ++i) {
    const auto members = random_step(random);
    model.learn(members, true_cost(members));
  }
  for (int i = 0; i < 50; ++i) {
    const auto members = random_step(random);
    const auto truth = static_cast<double>(true_cost(members));
    ASSERT_TRUE(model.predict(members));
    EXPECT_NEAR(static_cast<double>(*model.predict(members)), truth, 0.01 * truth);
  }
}

// Times that spread by chance, and one in ten that something held up three times as long.
TEST(StepCost, IsNotMisledByStepsThatWereShortOrLongByChance) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> chance(0.6, 1.4);
  StepCost model;
  for (int i = 0; i < 4000; ++i) {
    const auto members = random_step(random);
    const double held_up = i % 10 == 0 ? 3 : 1;
    model.learn(members, static_cast<std::int64_t>(static_cast<double>(true_cost(members)) * chance(random) *
                                                   held_up));
  }
  double bias = 0;
  for (int i = 0; i < 200; ++i) {
    const auto members = random_step(random);
    const auto truth = static_cast<double>(true_cost(members));
    bias += (static_cast<double>(*model.predict(members)) / truth - 1) / 200;
  }
  EXPECT_NEAR(bias, 0, 0.08);
}

TEST(StepCost, SharesAreWhatEachMemberAddsAndAddUpExactly) {
  std::mt19937 random(8);
  StepCost model;
  for (int i = 0; i < 400; ++i) {
    const auto members = random_step(random);
    model.learn(members, true_cost(members));
  }
  const std::vector<StepLoad> members{{0, 1, 100}, {256, 0, 256.0 * 128}};
  const std::int64_t took = true_cost(members);
  const auto shares = model.share(members, took);
  EXPECT_EQ(shares[0] + shares[1], took);
  // Leaving the prompt out saves what it adds.
  const double saved = static_cast<double>(took - true_cost({members[0]}));
  EXPECT_NEAR(static_cast<double>(shares[1]), saved, 0.05 * saved);
}

// As on a GPU, where a step with any prompt in it takes other, slower kernels.
TEST(StepCost, WhoReadsAPromptPaysForReadingAtAll) {
  const auto truth = [](const std::vector<StepLoad>& members) {
    const bool reads = std::ranges::any_of(members, [](const StepLoad& m) { return m.prefill_tokens > 0; });
    return true_cost(members) + (reads ? 10'000'000 : 0);
  };
  std::mt19937 random(12);
  StepCost model;
  for (int i = 0; i < 400; ++i) {
    const auto members = random_step(random);
    model.learn(members, truth(members));
  }
  const std::vector<StepLoad> members{{0, 1, 100}, {3, 0, 300}};
  const std::int64_t took = truth(members);
  EXPECT_NEAR(static_cast<double>(*model.predict(members)), static_cast<double>(took),
              0.01 * static_cast<double>(took));
  const double saved = static_cast<double>(took - truth({members[0]}));
  EXPECT_NEAR(static_cast<double>(model.share(members, took)[1]), saved + 2e6, 0.05 * saved);
}

TEST(StepCost, BeforeItHasLearntTokensCount) {
  const StepCost model;
  EXPECT_FALSE(model.predict({{1, 0, 0}}));
  EXPECT_EQ(model.share({{3, 0, 0}, {0, 1, 0}}, 100), (std::vector<std::int64_t>{75, 25}));
}

TEST(StepCost, NeverChargesLessThanNothing) {
  StepCost model;  // longer prompts were faster, by chance
  for (int i = 0; i < 100; ++i) {
    const auto tokens = static_cast<std::uint32_t>(1 + i);
    model.learn({{tokens, 0, 0}, {0, 1, 10}}, 10'000'000 - 10'000 * i);
  }
  const auto shares = model.share({{100, 0, 0}, {0, 1, 10}}, 9'000'000);
  EXPECT_GE(shares[0], 0);
  EXPECT_GE(shares[1], 0);
}

TEST(SplitExactly, LosesNothing) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 1000; ++i) {
    std::vector<double> weights(1 + random() % 9);
    for (double& w : weights) w = static_cast<double>(random() % 1000);
    const auto whole = static_cast<std::int64_t>(random() % 1'000'000'000'000);
    const auto parts = split_exactly(whole, weights);
    EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}), whole);
  }
  EXPECT_TRUE(split_exactly(5, {}).empty());
  EXPECT_EQ(split_exactly(5, {0, 0}), (std::vector<std::int64_t>{3, 2}));
}

}  // namespace
}  // namespace llt::telemetry
