#include "placement/card.h"

#include <gtest/gtest.h>

namespace llt::placement {
namespace {

TEST(Capability, ComparesAsNumbersNotAsText) {
  EXPECT_LT(*parse_capability("7.5"), *parse_capability("8.0"));
  EXPECT_LT(*parse_capability("9.0"), *parse_capability("10.0"));
  EXPECT_LT(*parse_capability("8.6"), *parse_capability("8.9"));
  EXPECT_EQ(*parse_capability("12.1"), (Capability{12, 1}));
}

TEST(Capability, RefusesOtherText) {
  for (const char* text : {"", "7", "7.", ".5", "7.5a", "a.b", "-7.5", "7,5"}) {
    EXPECT_FALSE(parse_capability(text)) << text;
  }
}

TEST(Preset, NamesMachinesAndCards) {
  const auto kaggle = preset("kaggle-2xt4");
  ASSERT_TRUE(kaggle);
  ASSERT_EQ(kaggle->size(), 2u);
  EXPECT_EQ(kaggle->at(1).total_bytes, 15ull << 30);
  EXPECT_EQ(kaggle->at(1).capability, (Capability{7, 5}));
  EXPECT_TRUE(preset("cpu")->empty());
  EXPECT_FALSE(preset("rtx-9999"));
}

TEST(Preset, EveryNameIsThere) {
  std::string names = preset_names() + ",";
  for (std::size_t comma = names.find(','); comma != std::string::npos; comma = names.find(',')) {
    EXPECT_TRUE(preset(names.substr(0, comma))) << names.substr(0, comma);
    names.erase(0, comma + 2);
  }
}

TEST(DataSheet, IsFoundByTheDriversName) {
  Card card{.name = "NVIDIA A100-SXM4-80GB", .total_bytes = 81'920ull << 20};
  add_data_sheet(card);
  EXPECT_EQ(card.bytes_per_second, 2039e9);
  card = {.name = "NVIDIA H200", .total_bytes = 143'771ull << 20};
  add_data_sheet(card);
  EXPECT_EQ(card.bytes_per_second, 4800e9);
}

TEST(DataSheet, StaysUnknownForCardsThatAreOnlyAlike) {
  for (const char* name :
       {"NVIDIA GeForce RTX 3090 Ti", "NVIDIA GeForce RTX 4090 D", "NVIDIA GeForce RTX 2060"}) {
    Card card{.name = name, .total_bytes = 24'576ull << 20};
    add_data_sheet(card);
    EXPECT_FALSE(card.bytes_per_second) << name;
  }
  Card half{.name = "NVIDIA H100 MIG", .total_bytes = 40ull << 30};
  add_data_sheet(half);
  EXPECT_FALSE(half.half_flops);
}

}  // namespace
}  // namespace llt::placement
