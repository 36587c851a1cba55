// Block layouts and sizes. The expected sizes are those of gguf-py's GGML_QUANT_SIZES; tests/cli compares
// with it.

#include "gguf/tensor_type.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

namespace llt::gguf {
namespace {

using Shape = std::vector<std::uint64_t>;

TEST(TensorType, SizesOfOneRow) {
  struct Row {
    std::string_view type;
    std::uint64_t bytes_of_256;
  };
  constexpr std::array kRows = {
      Row{"f32", 1024}, Row{"f16", 512},    Row{"bf16", 512},  Row{"f64", 2048},   Row{"i8", 256},
      Row{"q4_0", 144}, Row{"q4_1", 160},   Row{"q5_0", 176},  Row{"q5_1", 192},   Row{"q8_0", 272},
      Row{"q2_k", 84},  Row{"q3_k", 110},   Row{"q4_k", 144},  Row{"q5_k", 176},   Row{"q6_k", 210},
      Row{"q8_k", 292}, Row{"iq1_s", 50},   Row{"iq1_m", 56},  Row{"iq2_xxs", 66}, Row{"iq2_xs", 74},
      Row{"iq2_s", 82}, Row{"iq3_xxs", 98}, Row{"iq3_s", 110}, Row{"iq4_nl", 144}, Row{"iq4_xs", 136},
      Row{"tq1_0", 54}, Row{"tq2_0", 66},   Row{"mxfp4", 136}, Row{"nvfp4", 144},  Row{"q1_0", 36},
      Row{"q2_0", 72},  Row{"q8_1", 288},
  };
  for (const Row& row : kRows) {
    const TensorType* type = find_tensor_type(row.type);
    ASSERT_NE(type, nullptr) << row.type;
    EXPECT_EQ(tensor_bytes(type->id, Shape{256}), row.bytes_of_256) << row.type;
    EXPECT_EQ(tensor_bytes(type->id, Shape{256, 3, 2}), 6 * row.bytes_of_256) << row.type;
  }
}

TEST(TensorType, RemovedAndUnknownTypesHaveNoSize) {
  for (const TensorTypeId id : {4u, 5u, 31u, 32u, 33u, 36u, 37u, 38u}) {
    ASSERT_NE(find_tensor_type(id), nullptr);
    EXPECT_TRUE(find_tensor_type(id)->removed());
    EXPECT_EQ(tensor_bytes(id, Shape{256}), std::nullopt);
  }
  EXPECT_EQ(find_tensor_type(43u), nullptr);
  EXPECT_EQ(tensor_type_name(43), "unknown (43)");
  EXPECT_EQ(tensor_bytes(43, Shape{256}), std::nullopt);
}

TEST(TensorType, NamesAreUniqueAndFoundInAnyCase) {
  std::set<std::string_view> names;
  for (const TensorType& type : tensor_types()) EXPECT_TRUE(names.insert(type.name).second) << type.name;
  EXPECT_EQ(find_tensor_type("Q4_K")->id, 12u);
  EXPECT_EQ(find_tensor_type("q4_kk"), nullptr);
}

TEST(TensorType, CountsDoNotOverflow) {
  constexpr std::uint64_t kBig = 1ull << 32;
  EXPECT_EQ(element_count(Shape{}), 1u);
  EXPECT_EQ(element_count(Shape{kBig, kBig / 4}), 1ull << 62);
  EXPECT_EQ(element_count(Shape{kBig, kBig / 2}), std::nullopt);
  EXPECT_EQ(element_count(Shape{~0ull, ~0ull, 0}), 0u);
  EXPECT_EQ(tensor_bytes(0, Shape{1ull << 61}), std::nullopt);
  EXPECT_EQ(tensor_bytes(2, Shape{33}), std::nullopt);
  EXPECT_EQ(tensor_bytes(2, Shape{0}), 0u);
}

}  // namespace
}  // namespace llt::gguf
