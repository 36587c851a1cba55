#include "app/plan_input.h"

#include <gtest/gtest.h>

namespace llt::app {
namespace {

constexpr std::uint64_t kGiB = 1ull << 30;

std::vector<std::uint64_t> sizes(std::string_view text) {
  const auto cards = parse_cards(text);
  EXPECT_TRUE(cards) << text;
  std::vector<std::uint64_t> bytes;
  if (!cards) return bytes;
  for (const placement::Card& card : *cards) bytes.push_back(card.total_bytes);
  return bytes;
}

TEST(ParseCards, TakesSizesNamesAndCounts) {
  using Sizes = std::vector<std::uint64_t>;
  EXPECT_EQ(sizes("15GiB"), (Sizes{15 * kGiB}));
  EXPECT_EQ(sizes("15GiB,24GB"), (Sizes{15 * kGiB, 24'000'000'000}));
  for (const char* twice : {"2x15GiB", "2×15GiB", "2*15GiB", "kaggle-2xt4", "2xcolab-t4"}) {
    EXPECT_EQ(sizes(twice), (Sizes{15 * kGiB, 15 * kGiB})) << twice;
  }
  EXPECT_EQ(sizes("cpu"), Sizes());
  EXPECT_EQ(sizes("16106127360"), (Sizes{15 * kGiB}));
}

TEST(ParseCards, RefusesWhatIsNoCard) {
  for (const char* text : {"", ",", "15GiB,", "0", "0GiB", "-1GiB", "15", "15G", "x15GiB", "rtx-9999", "2x",
                           "65x1GiB", "99999999999999999999x1GiB", "2x40xcolab-t4", "16777215TiB"}) {
    EXPECT_FALSE(parse_cards(text)) << text;
  }
}

TEST(ParseTensorSplit, TakesNumbers) {
  EXPECT_EQ(*parse_tensor_split("0.7,0.3"), (std::vector<double>{0.7, 0.3}));
  EXPECT_EQ(*parse_tensor_split("3"), (std::vector<double>{3}));
  for (const char* text : {"a", "0.5,", ",1", "1;1", "0.5 0.5", "1,1x"}) {
    EXPECT_FALSE(parse_tensor_split(text)) << text;
  }
}

TEST(ParseEngineOptions, TakesOneTypeOrTwo) {
  PlanOptions options;
  options.kv_type = "q8_0,q4_0";
  const auto engine = parse_engine_options(options);
  ASSERT_TRUE(engine);
  EXPECT_EQ(gguf::tensor_type_name(engine->key_type), "q8_0");
  EXPECT_EQ(gguf::tensor_type_name(engine->value_type), "q4_0");
  for (const char* text : {"q9_0", "q4_k", "f16,", "f16,f16,f16"}) {
    options.kv_type = text;
    EXPECT_FALSE(parse_engine_options(options)) << text;
  }
}

TEST(ParseEngineOptions, KnowsTheSplitModes) {
  PlanOptions options;
  EXPECT_EQ(parse_engine_options(options)->split_mode, placement::SplitMode::layer);
  options.split_mode = "row";
  EXPECT_EQ(parse_engine_options(options)->split_mode, placement::SplitMode::row);
  options.split_mode = "columns";
  EXPECT_FALSE(parse_engine_options(options));
}

}  // namespace
}  // namespace llt::app
