#include "placement/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "placement/cuda_estimates.h"
#include "placement/test_models.h"

namespace llt::placement {
namespace {

constexpr std::uint64_t kGiB = 1ull << 30;

std::vector<Card> cards(std::initializer_list<std::uint64_t> gibibytes) {
  std::vector<Card> made;
  for (const std::uint64_t size : gibibytes) {
    made.push_back({.name = "", .total_bytes = size * kGiB});
    made.back().index = made.size() - 1;
  }
  return made;
}

PlanRequest request(std::vector<Card> on, std::uint64_t context = 8192) {
  PlanRequest made;
  made.cards = std::move(on);
  made.options.context = context;
  return made;
}

Plan planned(const PlanRequest& asked, const Llama& shape = {}) {
  auto made = plan(llama(shape), asked);
  EXPECT_TRUE(made) << (made ? "" : made.error().to_string());
  return made ? *made : Plan();
}

Placement named(const Plan& plan, std::string_view name) {
  return *std::ranges::find(plan.placements, name, &Placement::name);
}

std::string after(const std::vector<std::string>& flags, std::string_view flag) {
  const auto found = std::ranges::find(flags, flag);
  return found == flags.end() || found + 1 == flags.end() ? "" : *(found + 1);
}

bool has(const std::vector<std::string>& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

struct Choice {
  std::vector<Card> cards;
  std::vector<double> tensor_split;
  std::string chosen;  ///< empty: none
};

class Auto : public testing::TestWithParam<Choice> {};

// The model takes 5.6 GiB on one card.
TEST_P(Auto, Chooses) {
  PlanRequest asked = request(GetParam().cards);
  asked.options.tensor_split = GetParam().tensor_split;
  const Plan made = planned(asked);
  EXPECT_EQ(made.best() == nullptr ? "" : made.best()->name, GetParam().chosen) << made.why;
  EXPECT_FALSE(made.why.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, Auto,
    testing::Values(Choice{{}, {}, "cpu"}, Choice{cards({15}), {}, "single"}, Choice{cards({4}), {}, ""},
                    Choice{cards({15, 15}), {}, "split"}, Choice{cards({5, 5}), {}, "dual"},
                    Choice{cards({3, 3}), {}, ""}, Choice{cards({15, 15}), {0.5, 0.5}, "dual"},
                    Choice{cards({15, 15}), {1, 0}, "split"}, Choice{cards({15, 15}), {0, 1}, "split"},
                    Choice{cards({15, 4}), {0, 1}, ""}, Choice{cards({24}), {1}, "single"},
                    Choice{cards({5, 5, 5}), {}, "dual"}));

TEST(Plan, AlwaysHasTheSameFourPlacements) {
  for (const auto& on : {cards({}), cards({8}), cards({8, 8}), cards({8, 8, 8})}) {
    const Plan made = planned(request(on));
    ASSERT_EQ(made.placements.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(made.placements[i].name, (std::vector<std::string>{"split", "dual", "single", "cpu"})[i]);
      EXPECT_EQ(made.placements[i].tensor_split.size(), on.size());
      EXPECT_FALSE(made.placements[i].reason.empty());
    }
  }
}

TEST(Plan, LeavesTheSecondCardAloneInSplit) {
  const Plan made = planned(request(cards({15, 15})));
  const Placement split = named(made, "split");
  EXPECT_EQ(split.tensor_split, (std::vector<double>{1, 0}));
  EXPECT_EQ(split.cards[0].role, Role::engine);
  EXPECT_EQ(split.cards[1].role, Role::analytics);
  EXPECT_EQ(split.cards[1].usage.bytes() + split.cards[1].context_bytes, 0u);
  EXPECT_EQ(split.environment[0], std::pair(std::string("CUDA_DEVICE_ORDER"), std::string("PCI_BUS_ID")));
  EXPECT_EQ(split.environment[1], std::pair(std::string("CUDA_VISIBLE_DEVICES"), std::string("0")));
  EXPECT_EQ(after(split.flags, "--split-mode"), "none");
  EXPECT_FALSE(has(split.flags, "--tensor-split"));
}

TEST(Plan, NamesOnlyTheEnginesCards) {
  PlanRequest asked = request(cards({15, 15, 15}));
  asked.options.tensor_split = {0, 3, 1};
  const Placement dual = named(planned(asked), "dual");
  EXPECT_EQ(dual.environment[1].second, "1,2");
  EXPECT_EQ(after(dual.flags, "--tensor-split"), "3,1");
  EXPECT_EQ(dual.cards[0].role, Role::analytics);
}

TEST(Plan, AddsUpOnEveryCard) {
  PlanRequest asked = request(cards({15, 15}));
  asked.cards[0].used_bytes = kGiB;
  for (const Placement& p : planned(asked).placements) {
    for (const CardPlan& c : p.cards) {
      EXPECT_EQ(c.usage.bytes() + c.context_bytes + c.reserve_bytes + c.card.used_bytes + c.free_bytes,
                15 * kGiB)
          << p.name;
    }
  }
}

TEST(Plan, SaysAllThatItReliesOn) {
  PlanRequest asked = request(cards({15, 15}));
  asked.options.parallel = 3;
  asked.options.value_type = gguf::find_tensor_type("q8_0")->id;
  asked.options.offloaded_layers = 20;
  const Placement dual = named(planned(asked), "dual");
  EXPECT_EQ(after(dual.flags, "--ctx-size"), "8192");
  EXPECT_EQ(after(dual.flags, "--parallel"), "3");
  EXPECT_TRUE(has(dual.flags, "--no-kv-unified"));
  EXPECT_EQ(after(dual.flags, "--cache-type-k"), "f16");
  EXPECT_EQ(after(dual.flags, "--cache-type-v"), "q8_0");
  EXPECT_EQ(after(dual.flags, "--flash-attn"), "on");
  EXPECT_EQ(after(dual.flags, "--n-gpu-layers"), "20");
  EXPECT_EQ(after(dual.flags, "--tensor-split"), "0.5,0.5");
  EXPECT_EQ(after(dual.flags, "--fit"), "off");
  EXPECT_EQ(after(named(planned(asked), "cpu").flags, "--n-gpu-layers"), "0");
}

TEST(Plan, ProposesChangesThatReallyFit) {
  PlanRequest asked = request(cards({8}), 65'536);
  const Placement tight = named(planned(asked), "single");
  EXPECT_EQ(tight.verdict, Verdict::fits_with_changes);
  ASSERT_EQ(tight.changes.size(), 2u) << tight.reason;  // even q8_0 is too large
  const std::uint64_t context = std::stoull(tight.changes[0].substr(std::string("--ctx ").size()));
  asked.options.context = context;
  EXPECT_TRUE(named(planned(asked), "single").fits());
  asked.options.context = context + 256;
  EXPECT_FALSE(named(planned(asked), "single").fits());
  asked.options.context = 65'536;
  asked.options.offloaded_layers = std::stoull(tight.changes[1].substr(std::string("--gpu-layers ").size()));
  EXPECT_TRUE(named(planned(asked), "single").fits());
  asked.options.offloaded_layers = *asked.options.offloaded_layers + 1;
  EXPECT_FALSE(named(planned(asked), "single").fits());
}

TEST(Plan, ProposesANarrowerCacheWhenThatIsEnough) {
  const Placement tight = named(planned(request(cards({9}), 32'768)), "single");
  EXPECT_TRUE(has(tight.changes, "--kv-type q8_0")) << tight.reason;
  PlanRequest asked = request(cards({9}), 32'768);
  asked.options.key_type = asked.options.value_type = gguf::find_tensor_type("q8_0")->id;
  EXPECT_TRUE(named(planned(asked), "single").fits());
}

TEST(Plan, TakesTheLargestContextThatFitsWhenNoneIsAsked) {
  PlanRequest asked = request(cards({15, 15}));
  asked.options.context.reset();
  const Placement split = named(planned(asked), "split");
  EXPECT_TRUE(split.fits());
  EXPECT_LT(split.context_tokens, 131'072u);
  EXPECT_FALSE(split.notes.empty());
  asked.options.context = split.context_tokens + 256;
  EXPECT_FALSE(named(planned(asked), "split").fits());
}

TEST(Plan, LeavesRoomForAnalyticsWhereTheyShareTheCard) {
  PlanRequest asked = request(cards({15}));
  asked.options.context.reset();
  const Placement single = named(planned(asked), "single");
  EXPECT_TRUE(single.fits());
  EXPECT_GE(single.analytics->bytes, kGiB);
  EXPECT_LT(single.analytics->bytes, kGiB + 64 * kMebibyte);
  asked.cards = cards({6});  // too small for both: the model comes first
  EXPECT_TRUE(named(planned(asked), "single").fits());
}

// The earlier program said that it does not fit where its own documentation ran it.
TEST(Plan, PutsSeventyBillionParametersOnOneA100) {
  PlanRequest asked = request(*preset("a100-80"));
  const Plan made = planned(asked, {.layers = 80, .embedding = 8192, .feed_forward = 28'672, .heads = 64});
  EXPECT_EQ(made.best()->name, "single") << made.why;
}

TEST(Plan, ComparesWithTheRamWhereItIsKnown) {
  PlanRequest asked = request({});
  asked.ram_bytes = 4 * kGiB;
  EXPECT_FALSE(named(planned(asked), "cpu").fits());
  EXPECT_EQ(planned(asked).best(), nullptr);
  asked.ram_bytes = 16 * kGiB;
  EXPECT_TRUE(named(planned(asked), "cpu").fits());
}

TEST(Plan, CountsWhatAnalyticsHold) {
  const Placement split = named(planned(request(cards({15, 15}))), "split");
  ASSERT_TRUE(split.analytics);
  EXPECT_EQ(split.analytics->index, 1u);
  EXPECT_EQ(split.analytics->bytes, 15 * kGiB - kReserveBytes - kAnalyticsContextBytes);
  EXPECT_EQ(split.analytics->rows, split.analytics->bytes / kAnalyticsBytesPerRow);
  EXPECT_EQ(split.analytics->edges, split.analytics->bytes / kAnalyticsBytesPerEdge);
}

TEST(Plan, PutsAnalyticsOnTheFreeCardEvenIfItIsSmall) {
  const Plan made = planned(request(cards({80, 8})));
  EXPECT_EQ(named(made, "split").analytics->index, 1u);
  EXPECT_EQ(named(made, "single").analytics->index, 0u);
  EXPECT_EQ(named(made, "dual").analytics->index, 0u);  // no card is free, and this one has more room
}

TEST(Plan, KeepsTheCardThatIsMeantForAnalytics) {
  PlanRequest asked = request(cards({80, 80}));
  asked.analytics.card = 0;
  const Placement split = named(planned(asked), "split");
  EXPECT_EQ(split.tensor_split, (std::vector<double>{0, 1}));
  EXPECT_EQ(split.analytics->index, 0u);
  EXPECT_EQ(split.environment[1].second, "1");
  asked.options.tensor_split = {1, 0};
  EXPECT_EQ(named(planned(asked), "split").cards[0].role, Role::both);
  asked.analytics.card = 7;
  EXPECT_FALSE(plan(llama({}), asked));
}

TEST(Plan, HasNoAnalyticsWhereNoneAreWanted) {
  PlanRequest asked = request(cards({80, 80}));
  asked.analytics.none = true;
  EXPECT_FALSE(named(planned(asked), "split").analytics);
  EXPECT_EQ(named(planned(asked), "split").cards[1].role, Role::unused);
}

TEST(Plan, LeavesTheCardOfAnalyticsOutOfThree) {
  PlanRequest asked = request(cards({80, 80, 80}));
  asked.analytics.card = 2;
  EXPECT_EQ(named(planned(asked), "dual").tensor_split[2], 0);
}

TEST(Plan, LeavesAloneWhatTheDriverKeeps) {
  PlanRequest asked = request(cards({80}));
  EXPECT_EQ(named(planned(asked), "single").cards[0].reserve_bytes, kReserveBytes);
  asked.cards[0].reserved_bytes = 480 * kMebibyte;
  EXPECT_EQ(named(planned(asked), "single").cards[0].reserve_bytes, 480 * kMebibyte + kFragmentationBytes);
}

TEST(Plan, CountsWhatCardsExchange) {
  PlanRequest asked = request(cards({80, 80}));
  asked.options.split_mode = SplitMode::tensor;
  const Plan made = planned(asked);
  EXPECT_EQ(named(made, "dual").cards[1].context_bytes, kEngineContextBytes + kTensorModeBytes);
  EXPECT_EQ(named(made, "split").cards[0].context_bytes, kEngineContextBytes);
}

TEST(Plan, CallsCardsByTheirNumberInTheMachine) {
  PlanRequest asked = request(cards({80}));
  asked.cards[0].index = 3;
  const Placement single = named(planned(asked), "single");
  EXPECT_EQ(single.environment[1].second, "3");
  EXPECT_NE(single.reason.find("GPU 3"), std::string::npos);
}

TEST(Bounds, AreDataSheetsOverWork) {
  const Plan made = planned(request(*preset("kaggle-2xt4")));
  const double read = static_cast<double>(named(made, "split").cards[0].usage.read_bytes);
  EXPECT_NEAR(*named(made, "split").bounds.decode, 320e9 / read, 0.01);
  // One token passes both cards in turn: no faster than on one.
  EXPECT_NEAR(*named(made, "dual").bounds.decode, 320e9 / read, 0.01);
  const double blocks = 32.0 * (2 * 4096.0 * 4096 + 2 * 4096.0 * 1024 + 3 * 4096.0 * 14'336);
  EXPECT_NEAR(*named(made, "split").bounds.prefill, 130e12 / (2 * blocks), 1);
}

TEST(Bounds, AreUnknownWithoutADataSheetOrWithLayersInRam) {
  EXPECT_FALSE(named(planned(request(cards({15}))), "single").bounds.decode);
  PlanRequest asked = request(*preset("colab-t4"));
  EXPECT_FALSE(named(planned(asked), "cpu").bounds.decode);
  asked.options.offloaded_layers = 10;
  EXPECT_FALSE(named(planned(asked), "single").bounds.decode);
}

TEST(Notes, RespectTheCapability) {
  PlanRequest asked = request(*preset("colab-t4"));
  asked.options.key_type = asked.options.value_type = gguf::find_tensor_type("q8_0")->id;
  const Placement turing = named(planned(asked), "single");
  ASSERT_EQ(turing.notes.size(), 1u);
  EXPECT_NE(turing.notes[0].find("f16 copy"), std::string::npos);
  asked.cards[0].capability = Capability{6, 1};
  EXPECT_EQ(named(planned(asked), "single").notes.size(), 2u);
  asked.cards[0].capability = Capability{10, 0};
  EXPECT_EQ(named(planned(asked), "single").notes.size(), 1u);
}

struct Mistake {
  void (*make)(EngineOptions&);
  std::string_view names;  ///< what the sentence has to mention
};

class Wrong : public testing::TestWithParam<Mistake> {};

TEST_P(Wrong, OptionsAreRefusedByName) {
  PlanRequest asked = request(cards({15, 15}));
  GetParam().make(asked.options);
  const auto made = plan(llama(), asked);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(made.error().message.find(GetParam().names), std::string::npos) << made.error().message;
}

INSTANTIATE_TEST_SUITE_P(Table, Wrong,
                         testing::Values(Mistake{[](EngineOptions& o) { o.context = 0; }, "--ctx"},
                                         Mistake{[](EngineOptions& o) { o.context = 1ull << 40; }, "--ctx"},
                                         Mistake{[](EngineOptions& o) { o.parallel = 0; }, "--parallel"},
                                         Mistake{[](EngineOptions& o) { o.parallel = 257; }, "--parallel"},
                                         Mistake{[](EngineOptions& o) { o.batch = 0; }, "--batch"},
                                         Mistake{[](EngineOptions& o) { o.micro_batch = 0; }, "--ubatch"},
                                         Mistake{[](EngineOptions& o) {
                                                   o.tensor_split = {0, 0};
                                                 },
                                                 "--tensor-split"},
                                         Mistake{[](EngineOptions& o) {
                                                   o.tensor_split = {1, -1};
                                                 },
                                                 "--tensor-split"},
                                         Mistake{[](EngineOptions& o) {
                                                   o.tensor_split = {NAN, 1};
                                                 },
                                                 "--tensor-split"},
                                         Mistake{[](EngineOptions& o) {
                                                   o.tensor_split = {1, 1, 1};
                                                 },
                                                 "3 ratios, but there are 2 GPUs"},
                                         Mistake{[](EngineOptions& o) { o.key_type = 10; }, "--kv-type"},
                                         Mistake{[](EngineOptions& o) {
                                                   o.flash_attention = FlashAttention::off;
                                                   o.value_type = 8;
                                                 },
                                                 "FlashAttention"}));

TEST(Plan, RefusesCachesWhoseBlocksDoNotFillAHead) {
  PlanRequest asked = request({});
  asked.options.key_type = 8;
  EXPECT_FALSE(
      plan(llama({.layers = 2, .embedding = 80, .feed_forward = 64, .heads = 2, .kv_heads = 2}), asked));
}

}  // namespace
}  // namespace llt::placement
