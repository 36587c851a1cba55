#include "app/engine_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace llt::app {
namespace {

PathStep step(UnixNs start, UnixNs end) {
  PathStep out;
  out.start = start;
  out.end = end;
  return out;
}

std::int64_t covered(const std::vector<PathStep>& steps, const std::vector<std::size_t>& chain) {
  std::int64_t sum = 0;
  for (const std::size_t i : chain) sum += steps[i].end - steps[i].start;
  return sum;
}

// Tries every set of steps.
std::int64_t best_of_all(const std::vector<PathStep>& steps) {
  std::int64_t best = 0;
  for (unsigned set = 0; set < 1u << steps.size(); ++set) {
    std::int64_t sum = 0, at = INT64_MIN;
    for (std::size_t i = 0; i < steps.size() && sum >= 0; ++i) {
      if ((set >> i & 1u) == 0) continue;
      sum = steps[i].start >= at ? sum + steps[i].end - steps[i].start : -1;
      at = steps[i].end;
    }
    best = std::max(best, sum);
  }
  return best;
}

TEST(EnginePath, IsTheBestOfAllChains) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    std::vector<PathStep> steps;
    for (unsigned i = 0; i < 1 + random() % 11; ++i) {
      const auto start = static_cast<UnixNs>(random() % 30);
      steps.push_back(step(start, start + static_cast<UnixNs>(random() % 12)));
    }
    std::ranges::stable_sort(steps, {}, &PathStep::start);
    const auto chain = longest_chain(steps);
    for (std::size_t i = 0; i + 1 < chain.size(); ++i)
      ASSERT_LE(steps[chain[i]].end, steps[chain[i + 1]].start);
    ASSERT_EQ(covered(steps, chain), best_of_all(steps)) << "round " << round;
  }
}

TEST(EnginePath, StepsInARowAreAllOnIt) {
  std::vector<PathStep> steps;
  for (UnixNs at = 0; at < 100'000; at += 10) steps.push_back(step(at, at + 9));
  EXPECT_EQ(longest_chain(steps).size(), steps.size());
  EXPECT_TRUE(longest_chain({}).empty());
}

PathStep shared(UnixNs start, UnixNs end, bool is_in, std::int64_t own_prefill, std::int64_t own_decode,
                std::int64_t others_prefill) {
  PathStep out = step(start, end);
  out.is_in = is_in;
  out.own_prefill = own_prefill;
  out.own_decode = own_decode;
  out.others_prefill = others_prefill;
  out.others_decode = end - start - own_prefill - own_decode - others_prefill;
  if (others_prefill > 0) out.others = "long", out.others_ns = others_prefill;
  return out;
}

TEST(EnginePath, StretchesCoverARequest) {
  const std::vector<PathStep> steps = {shared(90, 110, false, 0, 0, 20),  // began before it
                                       shared(112, 130, true, 18, 0, 0), shared(132, 140, true, 0, 4, 0),
                                       shared(142, 150, true, 0, 4, 0),  shared(152, 190, true, 0, 4, 34),
                                       shared(192, 200, false, 0, 0, 0), shared(202, 210, true, 0, 4, 0)};
  const auto path = stretches(steps, 100, 215);
  ASSERT_EQ(path.size(), 6u);
  const std::vector<StretchKind> kinds = {StretchKind::waiting,     StretchKind::prefill,
                                          StretchKind::decode,      StretchKind::stalled,
                                          StretchKind::passed_over, StretchKind::decode};
  UnixNs at = 100;
  for (std::size_t i = 0; i < path.size(); ++i) {
    EXPECT_EQ(path[i].kind, kinds[i]) << i;
    EXPECT_EQ(path[i].start, at) << i;
    EXPECT_EQ(path[i].own + path[i].others_prefill + path[i].others_decode + path[i].gaps,
              path[i].end - path[i].start);
    at = path[i].end;
  }
  EXPECT_EQ(at, 215);
  EXPECT_EQ(path[0].others_prefill, 10) << "the half of the step that it waited for";
  EXPECT_EQ(path[2].steps, 2u);
  EXPECT_EQ(path[3].others, "long");
}

TEST(EnginePath, NothingIsMadeUpWithoutSteps) {
  EXPECT_TRUE(stretches({}, 0, 100).empty());
  EXPECT_TRUE(stretches(std::vector<PathStep>{step(200, 300)}, 0, 100).empty());
}

}  // namespace
}  // namespace llt::app
