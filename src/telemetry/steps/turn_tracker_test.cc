#include "telemetry/steps/turn_tracker.h"

#include <gtest/gtest.h>

#include <numeric>

#include "telemetry/steps/test_steps.h"

namespace llt::telemetry {
namespace {

using testing::Engine;
using testing::In;

class Turns : public ::testing::Test {
 protected:
  // Two requests: slot 0 reads 5 tokens and generates; slot 1 joins with a prompt of 100 in two parts.
  void two_requests() {
    engine.cut(0, 0);
    engine.step({{0, 0, 5, 1}});
    engine.step({{0, 5, 1, 1}});
    engine.cut(1, 0);
    engine.step({{0, 6, 1, 1}, {1, 0, 60, 0}}, 100);
    engine.cut(1, 60);
    engine.step({{0, 7, 1, 1}, {1, 60, 40, 1}}, 80);
    engine.step({{0, 8, 1, 1}, {1, 100, 1, 1}});
  }
  Turn& turn(std::size_t index) { return tracker.turns().at(index); }

  std::int64_t shares = 0;
  TurnTracker tracker{[this](const CostedStep& costed) {
    std::int64_t sum = 0;
    for (const auto& member : costed.members) sum += member.share_ns;
    EXPECT_EQ(sum, costed.step.end() - costed.step.start) << "shares add up to the step";
    EXPECT_EQ(costed.prefill_tokens + costed.decode_tokens, costed.step.tokens);
    shares += sum;
  }};
  Engine engine{tracker};
};

TEST_F(Turns, TellsPromptFromGeneration) {
  two_requests();
  ASSERT_EQ(tracker.turns().size(), 2u);
  EXPECT_EQ(turn(0).prefill_tokens, 5u);
  EXPECT_EQ(turn(0).decode_tokens, 4u);
  EXPECT_EQ(turn(1).prefill_tokens, 100u);
  EXPECT_EQ(turn(1).decode_tokens, 1u);
  EXPECT_EQ(turn(1).cached_tokens, 0);
  EXPECT_EQ(turn(0).own_ns + turn(1).own_ns, shares);
}

TEST_F(Turns, EverySliceIsWhole) {
  two_requests();
  for (const Turn& turn : tracker.turns()) {
    for (const TurnSlice& slice : turn.slices) {
      EXPECT_EQ(slice.own_prefill + slice.own_decode + slice.others_prefill + slice.others_decode,
                slice.end - slice.start);
    }
  }
  ASSERT_EQ(turn(0).delays.size(), 1u);
  EXPECT_EQ(turn(0).delays[0].by_turn, turn(1).number);
  EXPECT_EQ(turn(0).delays[0].steps, 3u);
  EXPECT_GT(turn(0).delays[0].prefill, 150'000'000);
}

TEST_F(Turns, ANewPromptOnTheSameSlotIsANewTurnEvenOfOneToken) {
  two_requests();
  engine.cut(0, 4);  // its last token is computed again, all others are in the cache
  engine.step({{0, 4, 1, 1}});
  ASSERT_EQ(tracker.turns().size(), 3u);
  EXPECT_TRUE(turn(0).closed);
  EXPECT_EQ(turn(2).cached_tokens, 4);
  EXPECT_EQ(turn(2).prefill_tokens, 1u);
  EXPECT_EQ(turn(2).decode_tokens, 0u);
}

TEST_F(Turns, AContextShiftIsNotTheEndOfATurn) {
  two_requests();
  engine.cut(0, 2, 6);
  engine.step({{0, 5, 1, 1}});
  EXPECT_EQ(tracker.turns().size(), 2u);
  EXPECT_EQ(turn(0).decode_tokens, 5u);
}

TEST_F(Turns, ADraftThatIsCutOffIsNotTheEndOfATurn) {
  engine.cut(0, 0);
  engine.step({{0, 0, 5, 1}});
  engine.step({{0, 0, 5, 0}}, 2, StepContext::draft);
  engine.step({{0, 5, 1, 1}}, 1, StepContext::draft);
  engine.step({{0, 5, 4, 4}});  // one token and a draft of three
  engine.cut(0, 7);             // of which one was accepted
  engine.step({{0, 7, 4, 4}});
  engine.cut(0, 11);  // and of the next one all
  engine.step({{0, 11, 1, 1}});
  ASSERT_EQ(tracker.turns().size(), 1u);
  EXPECT_EQ(turn(0).prefill_tokens, 5u);
  EXPECT_EQ(turn(0).decode_tokens, 9u);
  EXPECT_EQ(turn(0).draft_tokens, 6u);
  engine.cut(0, 5);
  engine.step({{0, 5, 30, 1}});
  EXPECT_EQ(tracker.turns().size(), 2u) << "several tokens, one result: a prompt";
}

TEST_F(Turns, APromptThatWasGivenUpEndsItsTurn) {
  engine.cut(0, 0);
  engine.step({{0, 0, 60, 0}});
  engine.cut(0, 10);
  engine.step({{0, 10, 8, 1}});
  ASSERT_EQ(tracker.turns().size(), 2u);
  EXPECT_EQ(turn(0).prefill_tokens, 60u);
  EXPECT_EQ(turn(1).cached_tokens, 10);
}

TEST_F(Turns, FurtherChoicesBeginWithACopy) {
  engine.cut(0, 0);
  engine.step({{0, 0, 20, 1}});
  engine.cut(1, -1);
  engine.copy(0, 1);
  engine.step({{0, 20, 1, 1}, {1, 20, 1, 1}});
  ASSERT_EQ(tracker.turns().size(), 2u);
  EXPECT_EQ(turn(1).copied_from, turn(0).number);
  EXPECT_EQ(turn(1).prefill_tokens, 0u);
  EXPECT_EQ(turn(1).decode_tokens, 1u);
}

TEST_F(Turns, StepsWithoutItCountOnlyWhenItGoesOn) {
  engine.cut(0, 0);
  engine.step({{0, 0, 5, 1}});
  engine.cut(1, 0);
  engine.step({{1, 0, 50, 1}}, 40);
  EXPECT_EQ(turn(0).slices.size(), 1u);
  engine.step({{0, 5, 1, 1}, {1, 50, 1, 1}});
  EXPECT_EQ(turn(0).slices.size(), 3u);
  EXPECT_EQ(turn(0).slices[1].others_prefill, 40'000'000);
}

TEST_F(Turns, AFailedStepIsNobodysWork) {
  engine.cut(0, 0);
  Step failed = engine.step({{0, 0, 5, 1}});
  failed.number += 1;
  failed.result = 1;
  tracker.on_step(failed);
  EXPECT_EQ(turn(0).steps, 1u);
  EXPECT_EQ(turn(0).prefill_tokens, 5u);
}

TEST_F(Turns, IdleTurnsAreClosed) {
  two_requests();
  tracker.close_idle(engine.now());
  EXPECT_FALSE(turn(0).closed);
  tracker.close_idle(engine.now() + 1);
  EXPECT_TRUE(turn(0).closed && turn(1).closed);
}

TEST_F(Turns, AVeryLongTurnKeepsItsSums) {
  engine.cut(0, 0);
  engine.step({{0, 0, 5, 1}});
  for (int i = 0; i < 40'000; ++i) engine.step({{0, 5 + i, 1, 1}}, 1);
  EXPECT_LE(turn(0).slices.size(), 16'385u);
  const auto own =
      std::accumulate(turn(0).slices.begin(), turn(0).slices.end(), std::int64_t{0},
                      [](auto sum, const TurnSlice& s) { return sum + s.own_prefill + s.own_decode; });
  EXPECT_EQ(own, turn(0).own_ns);
}

}  // namespace
}  // namespace llt::telemetry
