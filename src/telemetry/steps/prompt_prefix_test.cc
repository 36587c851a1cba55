#include "telemetry/steps/prompt_prefix.h"

#include <gtest/gtest.h>

#include "telemetry/steps/test_steps.h"

namespace llt::telemetry {
namespace {

using testing::Engine;

// Prompts through the tracker, their blocks as the probe would tell them.
class Prefixes : public ::testing::Test {
 protected:
  // A prompt whose tokens up to `cached` are in the slot's cache; `text` names its blocks, one letter each.
  Turn& prompt(int slot, int cached, const std::string& text, int more_tokens = 1) {
    const int tokens = static_cast<int>(text.size() * kBlockTokens) + more_tokens - cached;
    const auto first = static_cast<std::uint32_t>(static_cast<unsigned>(cached) / kBlockTokens);
    engine.cut(slot, cached);
    engine.step({{slot, cached, tokens, 1}}, 10, StepContext::target, {blocks(slot, first, text)});
    return tracker.turns().back();
  }
  // Each letter's hash stands for all letters up to it.
  static BlockHashes blocks(int slot, std::uint32_t first, const std::string& text) {
    BlockHashes out{slot, first, {}};
    std::uint64_t hash = 1469598103934665603u;
    for (std::size_t i = 0; i < text.size(); ++i) {
      hash = (hash ^ static_cast<unsigned char>(text[i])) * 1099511628211u;
      if (i >= first) out.hashes.push_back(hash);
    }
    return out;
  }
  static PromptReuse reuse(const Turn& turn) {
    return reuse_of(*turn.prefix, turn.prefix->cached + turn.prefill_tokens);
  }
  TurnTracker tracker{[](const CostedStep&) {}};
  Engine engine{tracker};
};

TEST_F(Prefixes, APromptOfItsOwnSharesNothing) {
  const Turn& turn = prompt(0, 0, "abc");
  ASSERT_TRUE(turn.prefix);
  EXPECT_EQ(turn.prefix->reusable, 0u);
  EXPECT_EQ(reuse(turn).recomputed, 0u);
  EXPECT_TRUE(reuse(turn).hashes_known);
  EXPECT_EQ(turn.prefix->hashes.size(), 3u);
}

TEST_F(Prefixes, WhatAnotherSlotHoldsWasComputedForNothing) {
  const std::uint64_t first = prompt(0, 0, "abc").number;
  const Turn& turn = prompt(1, 0, "abx");
  EXPECT_EQ(turn.prefix->reusable, 2 * kBlockTokens);
  EXPECT_EQ(reuse(turn).recomputed, 2 * kBlockTokens);
  EXPECT_EQ(reuse(turn).recomputed_held, 2 * kBlockTokens);
  EXPECT_EQ(turn.prefix->shares_with, first);
}

TEST_F(Prefixes, WhatWasOverwrittenIsToldFromWhatIsHeld) {
  prompt(0, 0, "abc");
  prompt(0, 0, "xyz");
  const Turn& turn = prompt(0, 0, "abc");
  EXPECT_EQ(reuse(turn).recomputed, 3 * kBlockTokens);
  EXPECT_EQ(reuse(turn).recomputed_held, 0u);
}

TEST_F(Prefixes, TheLastTokenIsAlwaysComputed) {
  prompt(0, 0, "abc", 0);
  const Turn& turn = prompt(1, 0, "abc", 0);
  EXPECT_EQ(reuse(turn).recomputed, 3 * kBlockTokens - 1);
}

TEST_F(Prefixes, WhatTheCacheGaveIsNotComputedAgain) {
  const std::uint64_t first = prompt(0, 0, "abc").number;
  const Turn& turn = prompt(0, 3 * kBlockTokens, "abcde");
  EXPECT_EQ(turn.prefix->cached, 3 * kBlockTokens);
  EXPECT_EQ(reuse(turn).recomputed, 0u);
  EXPECT_EQ(turn.prefix->shares_with, first);
  EXPECT_TRUE(reuse(turn).hashes_known);
  EXPECT_EQ(turn.prefix->hashes.size(), 5u);
}

TEST_F(Prefixes, PartOfABlockInTheCache) {
  prompt(0, 0, "abc");
  prompt(1, 0, "abq");
  const Turn& turn = prompt(1, kBlockTokens + 7, "abc");  // of slot 1's block b 7 tokens are kept
  EXPECT_EQ(reuse(turn).recomputed, 2 * kBlockTokens - 7);
  EXPECT_EQ(reuse(turn).recomputed_held, 2 * kBlockTokens - 7) << "slot 0 holds all three";
}

TEST_F(Prefixes, AFirstDifferenceEndsIt) {
  prompt(0, 0, "abcd");
  EXPECT_EQ(prompt(1, 0, "axcd").prefix->reusable, kBlockTokens) << "later blocks stand on other tokens";
}

TEST_F(Prefixes, GenerationCounts) {
  prompt(0, 0, "ab");
  engine.step({{0, 65, 1, 1}}, 10, StepContext::target, {blocks(0, 2, "abG")});
  EXPECT_EQ(prompt(1, 0, "abGz").prefix->reusable, 3 * kBlockTokens);
}

TEST_F(Prefixes, WhatIsComputedAtTheSameTimeCameTooLate) {
  engine.cut(0, 0);
  engine.cut(1, 0);
  engine.step({{0, 0, 32, 0}, {1, 0, 32, 0}}, 10, StepContext::target,
              {blocks(0, 0, "a"), blocks(1, 0, "a")});
  EXPECT_EQ(tracker.turns()[1].prefix->reusable, 0u);
}

TEST_F(Prefixes, AnEngineThatTellsNothingIsNotJudged) {
  engine.cut(0, 0);
  engine.step({{0, 0, 100, 1}});
  EXPECT_FALSE(tracker.turns()[0].prefix);
}

TEST_F(Prefixes, WhatCameBeforeAReaderIsUnknown) {
  const Turn& turn = prompt(0, 2 * kBlockTokens, "abc");
  EXPECT_FALSE(reuse(turn).hashes_known);
  EXPECT_EQ(reuse(turn).recomputed, 0u);
}

TEST_F(Prefixes, AStateThatComesBack) {
  prompt(0, 0, "abc");
  prompt(0, 0, "xyz");
  tracker.on_blocks(blocks(0, 0, "abc"));  // loaded from memory
  const Turn& turn = prompt(0, 3 * kBlockTokens, "abcd");
  EXPECT_EQ(reuse(turn).recomputed, 0u);
  EXPECT_TRUE(reuse(turn).hashes_known);
}

TEST_F(Prefixes, TheOldestAreForgotten) {
  PrefixIndex index(3);
  for (std::uint64_t hash = 1; hash <= 5; ++hash) index.note(hash, hash, 1);
  EXPECT_EQ(index.find(2), nullptr);
  ASSERT_NE(index.find(3), nullptr);
  index.hold(0, 0, std::vector<std::uint64_t>{1, 3});
  EXPECT_EQ(index.find(3)->holders, 1u);
  index.cut(-1, kBlockTokens);
  EXPECT_EQ(index.find(3)->holders, 0u);
}

}  // namespace
}  // namespace llt::telemetry
