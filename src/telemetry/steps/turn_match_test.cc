#include "telemetry/steps/turn_match.h"

#include <gtest/gtest.h>

#include "telemetry/steps/attribution.h"
#include "telemetry/steps/test_steps.h"

namespace llt::telemetry {
namespace {

using testing::Engine;

// A request that was handed over at `from` and whose answer ended at `to`, with these counts.
RequestRecord answered(SteadyNs from, SteadyNs to, int cached, int prompt, int generated) {
  RequestRecord record;
  record.operation = Operation::chat;
  record.http_status = 200;
  record.first_byte = record.received = from;
  record.handed_over = from;
  record.upstream_done = record.finished = to;
  record.response.timings = EngineTimings{cached, prompt, 0, generated, 0, {}, {}};
  record.phases.start(from, Phase::queue);
  record.phases.enter(Phase::gateway, to);
  return record;
}

class TurnMatch : public ::testing::Test {
 protected:
  TurnTracker tracker{[](const CostedStep&) {}};
  Engine engine{tracker};
  std::deque<Turn>& turns = tracker.turns();
};

TEST_F(TurnMatch, TheOnlyOneThatFitsIsTaken) {
  const SteadyNs from = engine.now();
  engine.cut(0, 0);
  engine.step({{0, 0, 5, 1}});
  engine.cut(1, 0);
  engine.step({{0, 5, 1, 1}, {1, 0, 9, 1}});
  const auto record = answered(from, engine.now() + 1, 0, 9, 1);
  const auto match = match_turns(record, turns);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->turns.front()->slot, 1);
  EXPECT_EQ(match->rule, MatchRule::only_candidate);
}

TEST_F(TurnMatch, OfTwoAlikeTheSlotTellsAndWithoutItNoneIsTaken) {
  const SteadyNs from = engine.now();
  engine.cut(0, 0), engine.cut(1, 0);
  engine.step({{0, 0, 5, 1}, {1, 0, 5, 1}});
  engine.step({{0, 5, 1, 1}, {1, 5, 1, 1}});
  auto record = answered(from, engine.now() + 1, 0, 5, 2);
  EXPECT_FALSE(match_turns(record, turns));
  record.response.slot = 1;
  const auto match = match_turns(record, turns);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->turns.front()->slot, 1);
  EXPECT_EQ(match->rule, MatchRule::slot);
  match->turns.front()->claimed = true;
  record.response.slot.reset();
  ASSERT_TRUE(match_turns(record, turns)) << "the other one is the only one left";
}

TEST_F(TurnMatch, NothingThatContradictsIsTaken) {
  const SteadyNs from = engine.now();
  engine.cut(0, 3);
  engine.step({{0, 3, 5, 1}});
  engine.step({{0, 8, 1, 1}});
  const SteadyNs to = engine.now() + 1;
  EXPECT_TRUE(match_turns(answered(from, to, 3, 5, 2), turns));
  EXPECT_FALSE(match_turns(answered(from, to, 2, 5, 2), turns)) << "cached";
  EXPECT_FALSE(match_turns(answered(from, to, 3, 6, 2), turns)) << "prompt";
  EXPECT_FALSE(match_turns(answered(from, to, 3, 5, 3), turns)) << "generated";
  EXPECT_FALSE(match_turns(answered(from, to - 2, 3, 5, 2), turns)) << "ends before its last step";
  EXPECT_FALSE(match_turns(answered(to, to + 9, 3, 5, 2), turns)) << "begins after its first step";
}

TEST_F(TurnMatch, TheEngineMayBeginBeforeTheHandOverWasNoted) {
  const SteadyNs from = engine.now();
  engine.cut(0, 0);
  engine.step({{0, 0, 5, 1}});
  auto record = answered(from, engine.now() + 1, 0, 5, 1);
  record.handed_over = engine.now() - 5'000'000;
  const auto match = match_turns(record, turns);
  ASSERT_TRUE(match);
  const Attribution at = attribute(record, break_down(record), match->turns);
  EXPECT_EQ(at.queue, 0);
  EXPECT_EQ(at.own_prefill + at.engine_gap, at.upstream);
}

TEST_F(TurnMatch, ACancelledOneIsFoundByItsProgress) {
  const SteadyNs from = engine.now();
  engine.cut(0, 0), engine.cut(1, 0);
  engine.step({{0, 0, 5, 1}, {1, 0, 50, 0}});
  auto record = answered(from, engine.now(), 0, 0, 0);
  record.response.timings.reset();
  record.upstream_done = 0;
  record.http_status = 200;
  record.error_type = "client_disconnected";
  record.request.stream = record.progress_requested = true;
  EXPECT_FALSE(has_turns(record)) << "it waited for a slot still";
  record.slot_start = from;
  record.response.progress_total = 300;
  record.response.progress_cached = 0;
  EXPECT_FALSE(match_turns(record, turns)) << "both fit";
  record.response.progress_total = 20;
  const auto match = match_turns(record, turns);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->turns.front()->slot, 0);
}

TEST_F(TurnMatch, SeveralInputsAndSeveralChoices) {
  const SteadyNs from = engine.now();
  engine.cut(0, 0), engine.cut(1, 0);
  engine.step({{0, 0, 5, 5}, {1, 0, 7, 7}});
  auto inputs = answered(from, engine.now() + 1, 0, 0, 0);
  inputs.operation = Operation::embeddings;
  inputs.response.timings.reset();
  inputs.response.input_tokens = 12;
  ASSERT_TRUE(match_turns(inputs, turns));
  EXPECT_EQ(match_turns(inputs, turns)->turns.size(), 2u);
  inputs.response.input_tokens = 13;
  EXPECT_FALSE(match_turns(inputs, turns));

  const SteadyNs later = engine.now();
  engine.cut(2, 0);
  engine.step({{2, 0, 20, 1}});
  engine.cut(3, -1), engine.copy(2, 3);
  engine.step({{2, 20, 1, 1}, {3, 20, 1, 1}});
  auto choices = answered(later, engine.now() + 1, 0, 20, 2);
  choices.request.choice_count = 2;
  ASSERT_TRUE(match_turns(choices, turns));
  EXPECT_EQ(match_turns(choices, turns)->turns.size(), 2u);
}

TEST_F(TurnMatch, TimesAddUpAndAStallIsTheOthersPrompt) {
  const SteadyNs from = engine.now();
  engine.cut(0, 0);
  engine.step({{0, 0, 4, 1}});
  engine.step({{0, 4, 1, 1}});
  engine.cut(1, 0);
  engine.step({{0, 5, 1, 1}, {1, 0, 400, 1}}, 500);
  engine.step({{0, 6, 1, 1}, {1, 400, 1, 1}});
  auto record = answered(from, engine.now() + 2'000'000, 0, 4, 4);
  const auto match = match_turns(record, turns);
  ASSERT_TRUE(match);
  const auto phases = break_down(record);
  const Attribution at = attribute(record, phases, match->turns);
  EXPECT_EQ(at.queue + at.own_prefill + at.own_decode + at.others_prefill + at.others_decode + at.engine_gap,
            at.upstream);
  EXPECT_EQ(at.upstream, phases.upstream);
  EXPECT_EQ(at.queue, 1'000'000);
  EXPECT_EQ(at.engine_gap, 3'000'000 + 2'000'000);
  EXPECT_EQ(at.own_prefill, 10'000'000);
  EXPECT_GT(at.others_prefill, 490'000'000);
  EXPECT_EQ(at.stalled, at.others_prefill);
  EXPECT_EQ(at.others_decode, 5'000'000);
}

TEST_F(TurnMatch, WhatTheClientHeldUpIsNotTheEngines) {
  const SteadyNs from = engine.now();
  engine.cut(0, 0);
  const Step first = engine.step({{0, 0, 4, 1}});
  engine.step({{0, 4, 1, 1}}, 100);
  auto record = answered(from, engine.now(), 0, 4, 2);
  // For 60 ms of the second step the client took nothing.
  record.phases = {};
  record.phases.start(from, Phase::queue);
  record.phases.enter(Phase::client, first.end() + 11'000'000);
  record.phases.enter(Phase::decode, first.end() + 71'000'000);
  record.phases.enter(Phase::gateway, engine.now());
  const auto match = match_turns(record, turns);
  ASSERT_TRUE(match);
  const Attribution at = attribute(record, break_down(record), match->turns);
  EXPECT_EQ(at.own_prefill, 10'000'000);
  EXPECT_EQ(at.own_decode, 40'000'000);
}

}  // namespace
}  // namespace llt::telemetry
