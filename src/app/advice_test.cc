#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/advice_rules.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

std::optional<Advice> judge(std::string_view topic, const Json& row) {
  for (const AdviceRule& rule : advice_rules()) {
    if (rule.topic == topic) return rule.judge(row);
  }
  ADD_FAILURE() << "no rule " << topic;
  return std::nullopt;
}

// `row` with one member changed.
Json with(Json row, const char* name, Json value) {
  row[name] = std::move(value);
  return row;
}

const Json kStalls = {{"mixed", 40},          {"mixed_ms", 210.0},    {"mixed_tokens", 510.0},
                      {"alone_ms", 12.0},     {"token_ms", 0.4},      {"fixed_ms", 10.0},
                      {"stalled_ms", 4000.0}, {"decode_ms", 10000.0}, {"batch_tokens", 512}};

TEST(AdviceRules, SmallerBatchesWherePromptsStallAnswers) {
  const auto advice = judge("batch_size", kStalls);
  ASSERT_TRUE(advice);
  EXPECT_NE(advice->action.find("--batch-size 128"), std::string::npos) << advice->action;
  EXPECT_NE(advice->what.find("40 %"), std::string::npos);
  EXPECT_EQ(advice->numbers["suggested_batch_tokens"], 128.0);
}

TEST(AdviceRules, NoSmallerBatchesWithoutEvidence) {
  EXPECT_FALSE(judge("batch_size", with(kStalls, "stalled_ms", 900.0)));
  EXPECT_FALSE(judge("batch_size", with(kStalls, "mixed", 5)));
  EXPECT_FALSE(judge("batch_size", with(kStalls, "mixed_ms", 30.0)));
  EXPECT_FALSE(judge("batch_size", with(kStalls, "alone_ms", nullptr)));
  EXPECT_FALSE(judge("batch_size", with(kStalls, "fixed_ms", 200.0))) << "smaller ones would be as long";
}

const Json kQueue = {{"slots", 4},         {"requests", 50},        {"waited", 30},
                     {"queue_share", 0.5}, {"queue_p90_ms", 900.0}, {"full_share", 0.8},
                     {"full_ms", 15.0},    {"sequence_ms", 1.0}};

TEST(AdviceRules, MoreSlotsWhereAStepHardlyGetsLonger) {
  const auto advice = judge("slots", kQueue);
  ASSERT_TRUE(advice);
  EXPECT_NE(advice->action.find("--parallel 8 (now 4)"), std::string::npos) << advice->action;
  EXPECT_FALSE(judge("slots", with(kQueue, "sequence_ms", 3.5))) << "the engine is at its limit";
  EXPECT_FALSE(judge("slots", with(kQueue, "full_share", 0.05))) << "slots were free";
  EXPECT_FALSE(judge("slots", with(kQueue, "queue_share", 0.05)));
}

const Json kCopies = {{"saves", 24},          {"loads", 0},           {"save_ms", 36000.0},
                      {"load_ms", 0.0},       {"longest_ms", 1900.0}, {"bytes", 300'000'000.0},
                      {"regained_tokens", 0}, {"regained_ms", 0.0}};

TEST(AdviceRules, NoCopiesOfIdleSlotsThatGiveNothingBack) {
  const auto advice = judge("cache_ram", kCopies);
  ASSERT_TRUE(advice);
  EXPECT_NE(advice->action.find("--cache-ram 0"), std::string::npos);
  EXPECT_NE(advice->evidence.find("took 1.50 s each"), std::string::npos) << advice->evidence;
  EXPECT_FALSE(judge("cache_ram", with(kCopies, "regained_ms", 40000.0))) << "they gave back more";
  EXPECT_FALSE(judge("cache_ram", with(kCopies, "save_ms", 100.0))) << "they cost nothing";
  EXPECT_FALSE(judge("cache_ram", with(kCopies, "saves", 1)));
}

const Json kAgain = {{"prompts", 20},       {"computed_tokens", 20000}, {"recomputed_tokens", 8000},
                     {"held_tokens", 7000}, {"recomputed_ms", 900.0},   {"saves", 0},
                     {"slots", 4}};

TEST(AdviceRules, ReuseAccordingToWhereItWas) {
  EXPECT_NE(judge("cache_reuse", kAgain)->action.find("id_slot"), std::string::npos);
  EXPECT_NE(judge("cache_reuse", with(kAgain, "held_tokens", 0))->action.find("--cache-ram"),
            std::string::npos);
  EXPECT_FALSE(judge("cache_reuse", with(kAgain, "recomputed_tokens", 900)));
  EXPECT_FALSE(judge("cache_reuse", with(kAgain, "computed_tokens", 100000)));
}

TEST(AdviceRules, ALargerContextOnlyWhereItWasMissed) {
  const Json row = {{"context_tokens", 4096}, {"slots", 4},     {"cut_short", 2},  {"refused", 0},
                    {"longest", 1024},        {"wanted", 1500}, {"full_steps", 0}, {"kv_peak", 4000}};
  const auto advice = judge("context", row);
  ASSERT_TRUE(advice);
  EXPECT_NE(advice->action.find("1500"), std::string::npos);
  EXPECT_FALSE(judge("context", with(row, "cut_short", 0)));
}

TEST(AdviceRules, ASicknessIsSplitIntoWhatAndAction) {
  const Advice advice = sickness_advice({{"kind", "engine.gaps_long"},
                                         {"times", 2},
                                         {"last_unix_ns", 5},
                                         {"message", "it is slow: 9 ms; stop others"},
                                         {"numbers", "{\"gap_ms\":9}"}});
  EXPECT_EQ(advice.topic, "gaps_long");
  EXPECT_EQ(advice.what, "The engine is not well: it is slow: 9 ms.");
  EXPECT_EQ(advice.action, "stop others");
  EXPECT_EQ(advice.numbers["gap_ms"], 9);
}

}  // namespace
}  // namespace llt::app
