#include "gguf/synth_weights.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace llt::gguf {
namespace {

// How a quantised block of random bytes becomes evenly distributed values around zero: the scale stands as a
// half at `scale_at`; with it at 1, values have the deviation `unit`. Types with a minimum have it at
// `minimum_at`, `minimum` times the scale. Inner scales are the same for all groups of a block.
struct Recipe {
  TensorTypeId type = 0;
  double unit = 1;
  std::size_t scale_at = 0;
  std::size_t minimum_at = 0;
  double minimum = 0;  // 0: none
  std::size_t inner_at = 0;
  std::size_t inner_bytes = 0;
  std::uint8_t inner = 0;
  std::size_t inner_zero_at = 0;  // further bytes that are zero
  std::size_t inner_zero_bytes = 0;
};

// Standard deviation of the integers 0 to n - 1.
constexpr double kOf4 = 1.118033988749895;
constexpr double kOf8 = 2.29128784747792;
constexpr double kOf16 = 4.6097722286464435;
constexpr double kOf32 = 9.233092656309694;
constexpr double kOf64 = 18.472953201911167;
constexpr double kOf256 = 73.8997071712027;
// Root mean square of the 16 values of the code books (ggml-common.h).
constexpr double kOfIq4Nl = 67.43886120034946;
constexpr double kOfMxfp4 = 5.852349955359813;

// K-quants pack inner scales of 6 bits, twelve bytes for eight scales and eight minima: 0xA0 and 0 make all
// of them 32 (q4_k, q5_k); 0 and 0xFF make all of q3_k's 16 of them 48, which stands for 16.
constexpr std::array kRecipes = {
    Recipe{.type = 2, .unit = kOf16},                                     // q4_0
    Recipe{.type = 3, .unit = kOf16, .minimum_at = 2, .minimum = -7.5},   // q4_1
    Recipe{.type = 6, .unit = kOf32},                                     // q5_0
    Recipe{.type = 7, .unit = kOf32, .minimum_at = 2, .minimum = -15.5},  // q5_1
    Recipe{.type = 8, .unit = kOf256},                                    // q8_0
    Recipe{.type = 10,
           .unit = 8 * kOf4,
           .scale_at = 80,
           .minimum_at = 82,
           .minimum = 1.5,
           .inner_at = 0,
           .inner_bytes = 16,
           .inner = 0x88},  // q2_k
    Recipe{.type = 11,
           .unit = 16 * kOf8,
           .scale_at = 108,
           .inner_at = 104,
           .inner_bytes = 4,
           .inner = 0xFF,
           .inner_zero_at = 96,
           .inner_zero_bytes = 8},  // q3_k
    Recipe{.type = 12,
           .unit = 32 * kOf16,
           .minimum_at = 2,
           .minimum = 7.5,
           .inner_at = 4,
           .inner_bytes = 8,
           .inner = 0xA0,
           .inner_zero_at = 12,
           .inner_zero_bytes = 4},  // q4_k
    Recipe{.type = 13,
           .unit = 32 * kOf32,
           .minimum_at = 2,
           .minimum = 15.5,
           .inner_at = 4,
           .inner_bytes = 8,
           .inner = 0xA0,
           .inner_zero_at = 12,
           .inner_zero_bytes = 4},  // q5_k
    Recipe{.type = 14,
           .unit = 16 * kOf64,
           .scale_at = 208,
           .inner_at = 192,
           .inner_bytes = 16,
           .inner = 16},                   // q6_k
    Recipe{.type = 20, .unit = kOfIq4Nl},  // iq4_nl
};

constexpr TensorTypeId kF16 = 1;
constexpr TensorTypeId kBf16 = 30;
constexpr TensorTypeId kMxfp4 = 39;
constexpr std::array<TensorTypeId, 15> kSynthTypes = {0, 1, 30, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 20, 39};

constexpr std::size_t kTableSize = 65536;

std::vector<std::byte> bytes_of(const void* data, std::size_t size) {
  const auto* begin = static_cast<const std::byte*>(data);
  return {begin, begin + size};
}

std::vector<std::byte> half_bytes(double value) {
  const std::uint16_t half = to_half(value);
  return bytes_of(&half, sizeof half);
}

template <class Stored, class Convert>
std::vector<std::byte> value_table(double deviation, Convert convert) {
  std::vector<Stored> table(kTableSize);
  for (std::size_t i = 0; i < kTableSize; ++i) {
    const double even = (2.0 * static_cast<double>(i) + 1) / kTableSize - 1;  // -1 to 1
    table[i] = convert(even * std::sqrt(3.0) * deviation);
  }
  return bytes_of(table.data(), table.size() * sizeof(Stored));
}

std::uint16_t to_bfloat(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

void fill_random(std::span<std::byte> out, Random& random) {
  while (out.size() >= sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(out.data(), &word, sizeof word);
    out = out.subspan(sizeof word);
  }
  const std::uint64_t word = random.next();
  std::memcpy(out.data(), &word, out.size());
}

// One table entry for each 16 random bits.
template <class Stored>
void fill_from_table(std::span<std::byte> out, std::span<const std::byte> table, Random& random) {
  constexpr std::size_t kPerWord = 4;
  std::array<Stored, kPerWord> values;
  while (!out.empty()) {
    std::uint64_t word = random.next();
    for (Stored& value : values) {
      std::memcpy(&value, table.data() + (word & 0xffff) * sizeof(Stored), sizeof(Stored));
      word >>= 16;
    }
    const std::size_t size = std::min(out.size(), sizeof values);
    std::memcpy(out.data(), values.data(), size);
    out = out.subspan(size);
  }
}

}  // namespace

std::span<const TensorTypeId> synth_types() noexcept { return kSynthTypes; }

std::uint16_t to_half(double value) noexcept {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double size = std::fabs(value);
  if (size < 0x1p-14) {  // no exponent: multiples of 2^-24
    return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(std::nearbyint(size * 0x1p24)));
  }
  if (!(size < 65520)) return static_cast<std::uint16_t>(sign | 0x7c00);
  const int exponent = std::ilogb(size);
  // Rounding up to the next power of two carries into the exponent, as it should.
  const auto mantissa = static_cast<int>(std::nearbyint(std::ldexp(size, 10 - exponent))) - 1024;
  return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(((exponent + 15) << 10) + mantissa));
}

SynthWeights::SynthWeights(TensorTypeId type, double deviation)
    : block_bytes_(find_tensor_type(type)->block_bytes) {
  if (type == kF32) {
    table_ = value_table<float>(deviation, [](double v) { return static_cast<float>(v); });
  } else if (type == kF16) {
    table_ = value_table<std::uint16_t>(deviation, to_half);
  } else if (type == kBf16) {
    table_ = value_table<std::uint16_t>(deviation, to_bfloat);
  } else if (type == kMxfp4) {
    // The scale is a power of two, written as its exponent plus 128.
    const auto exponent = static_cast<std::uint8_t>(128 + std::lround(std::log2(deviation / kOfMxfp4)));
    constants_.push_back({0, {std::byte{exponent}}});
  } else {
    const auto recipe = std::ranges::find(kRecipes, type, &Recipe::type);
    LLT_CHECK(recipe != kRecipes.end());
    const double scale = deviation / recipe->unit;
    constants_.push_back({recipe->scale_at, half_bytes(scale)});
    if (recipe->minimum != 0) constants_.push_back({recipe->minimum_at, half_bytes(scale * recipe->minimum)});
    if (recipe->inner_bytes != 0) {
      constants_.push_back({recipe->inner_at, std::vector(recipe->inner_bytes, std::byte{recipe->inner})});
    }
    if (recipe->inner_zero_bytes != 0) {
      constants_.push_back({recipe->inner_zero_at, std::vector(recipe->inner_zero_bytes, std::byte{0})});
    }
  }
}

void SynthWeights::fill(std::span<std::byte> out, Random& random) const {
  if (!table_.empty()) return fill_floats(out, random);
  fill_random(out, random);
  for (const Constant& constant : constants_) {
    for (std::size_t at = constant.at; at < out.size(); at += block_bytes_) {
      std::memcpy(out.data() + at, constant.bytes.data(), constant.bytes.size());
    }
  }
}

void SynthWeights::fill_floats(std::span<std::byte> out, Random& random) const {
  if (block_bytes_ == sizeof(std::uint16_t)) return fill_from_table<std::uint16_t>(out, table_, random);
  fill_from_table<std::uint32_t>(out, table_, random);
}

}  // namespace llt::gguf
