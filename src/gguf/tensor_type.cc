#include "gguf/tensor_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

namespace llt::gguf {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

// Sizes follow the block structures of ggml-common.h: half-precision scales are 2 bytes each.
constexpr std::array kTensorTypes = {
    TensorType{0, "f32", 1, 4, false},
    TensorType{1, "f16", 1, 2, false},
    TensorType{2, "q4_0", 32, 2 + 16, true},
    TensorType{3, "q4_1", 32, 4 + 16, true},
    TensorType{4, "q4_2", 0, 0, true},
    TensorType{5, "q4_3", 0, 0, true},
    TensorType{6, "q5_0", 32, 2 + 4 + 16, true},
    TensorType{7, "q5_1", 32, 4 + 4 + 16, true},
    TensorType{8, "q8_0", 32, 2 + 32, true},
    TensorType{9, "q8_1", 32, 4 + 32, true},
    TensorType{10, "q2_k", 256, 16 + 64 + 4, true},
    TensorType{11, "q3_k", 256, 32 + 64 + 12 + 2, true},
    TensorType{12, "q4_k", 256, 4 + 12 + 128, true},
    TensorType{13, "q5_k", 256, 4 + 12 + 32 + 128, true},
    TensorType{14, "q6_k", 256, 128 + 64 + 16 + 2, true},
    TensorType{15, "q8_k", 256, 4 + 256 + 32, true},
    TensorType{16, "iq2_xxs", 256, 2 + 64, true},
    TensorType{17, "iq2_xs", 256, 2 + 64 + 8, true},
    TensorType{18, "iq3_xxs", 256, 2 + 96, true},
    TensorType{19, "iq1_s", 256, 2 + 32 + 16, true},
    TensorType{20, "iq4_nl", 32, 2 + 16, true},
    TensorType{21, "iq3_s", 256, 2 + 64 + 8 + 32 + 4, true},
    TensorType{22, "iq2_s", 256, 2 + 64 + 8 + 8, true},
    TensorType{23, "iq4_xs", 256, 2 + 2 + 4 + 128, true},
    TensorType{24, "i8", 1, 1, false},
    TensorType{25, "i16", 1, 2, false},
    TensorType{26, "i32", 1, 4, false},
    TensorType{27, "i64", 1, 8, false},
    TensorType{28, "f64", 1, 8, false},
    TensorType{29, "iq1_m", 256, 32 + 16 + 8, true},
    TensorType{30, "bf16", 1, 2, false},
    TensorType{31, "q4_0_4_4", 0, 0, true},
    TensorType{32, "q4_0_4_8", 0, 0, true},
    TensorType{33, "q4_0_8_8", 0, 0, true},
    TensorType{34, "tq1_0", 256, 48 + 4 + 2, true},
    TensorType{35, "tq2_0", 256, 64 + 2, true},
    TensorType{36, "iq4_nl_4_4", 0, 0, true},
    TensorType{37, "iq4_nl_4_8", 0, 0, true},
    TensorType{38, "iq4_nl_8_8", 0, 0, true},
    TensorType{39, "mxfp4", 32, 1 + 16, true},
    TensorType{40, "nvfp4", 64, 4 + 32, true},
    TensorType{41, "q1_0", 128, 2 + 16, true},
    TensorType{42, "q2_0", 64, 2 + 16, true},
};

constexpr bool numbered_by_position() {
  for (std::size_t i = 0; i < kTensorTypes.size(); ++i) {
    if (kTensorTypes[i].id != i) return false;
  }
  return true;
}
static_assert(numbered_by_position());

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

// a * b when it is at most 2^63 - 1.
std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result) || result > kMost) return std::nullopt;
  return result;
}

}  // namespace

std::span<const TensorType> tensor_types() noexcept { return kTensorTypes; }

const TensorType* find_tensor_type(TensorTypeId id) noexcept {
  return id < kTensorTypes.size() ? &kTensorTypes[id] : nullptr;
}

const TensorType* find_tensor_type(std::string_view name) noexcept {
  const auto found = std::find_if(kTensorTypes.begin(), kTensorTypes.end(),
                                  [&](const TensorType& t) { return same_letters(t.name, name); });
  return found == kTensorTypes.end() ? nullptr : &*found;
}

std::string tensor_type_name(TensorTypeId id) {
  const TensorType* type = find_tensor_type(id);
  return type != nullptr ? std::string(type->name) : fmt::format("unknown ({})", id);
}

std::optional<std::uint64_t> element_count(std::span<const std::uint64_t> shape) noexcept {
  // A zero anywhere makes the product zero, whatever the others would overflow to.
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return 0;
  std::optional<std::uint64_t> count = 1;
  for (const std::uint64_t extent : shape) {
    if (count) count = product(*count, extent);
  }
  return count;
}

std::optional<std::uint64_t> tensor_bytes(TensorTypeId id, std::span<const std::uint64_t> shape) noexcept {
  const TensorType* type = find_tensor_type(id);
  const auto elements = element_count(shape);
  if (type == nullptr || type->removed() || !elements) return std::nullopt;
  const std::uint64_t row = shape.empty() ? 1 : shape.front();
  if (row % type->block_values != 0) return std::nullopt;
  return product(*elements / type->block_values, type->block_bytes);
}

}  // namespace llt::gguf
