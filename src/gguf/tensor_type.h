#pragma once
// The storage types of tensors as ggml numbers them, with the layout of their blocks.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace llt::gguf {

/// A type's number in a GGUF file (`enum ggml_type` in ggml.h).
using TensorTypeId = std::uint32_t;
inline constexpr TensorTypeId kF32 = 0;

/// Values are stored in blocks of `block_values`, each of `block_bytes`. Both are 0 for a removed type, whose
/// layout no current program reads.
struct TensorType {
  TensorTypeId id = 0;
  std::string_view name;  ///< lower case: "q4_k"
  std::uint32_t block_values = 0;
  std::uint32_t block_bytes = 0;
  bool quantised = false;

  [[nodiscard]] constexpr bool removed() const noexcept { return block_values == 0; }
  [[nodiscard]] constexpr double bits_per_value() const noexcept {
    return removed() ? 0 : 8.0 * block_bytes / block_values;
  }
};

/// Every type that llama.cpp 11434 knows or knew, in the order of their numbers.
[[nodiscard]] std::span<const TensorType> tensor_types() noexcept;

/// Null when no version of ggml that we know has this number.
[[nodiscard]] const TensorType* find_tensor_type(TensorTypeId id) noexcept;
/// Upper and lower case alike. Null when there is none of this name.
[[nodiscard]] const TensorType* find_tensor_type(std::string_view name) noexcept;

/// "q4_k", or "unknown (77)".
[[nodiscard]] std::string tensor_type_name(TensorTypeId id);

/// How many values a tensor of this shape has (1 for no dimension); nothing when it exceeds 2^63 - 1.
[[nodiscard]] std::optional<std::uint64_t> element_count(std::span<const std::uint64_t> shape) noexcept;

/// Bytes of a tensor's data. Nothing when the type is unknown or removed, when a row (the first dimension)
/// is not a whole number of blocks, or when the size exceeds 2^63 - 1.
[[nodiscard]] std::optional<std::uint64_t> tensor_bytes(TensorTypeId id,
                                                        std::span<const std::uint64_t> shape) noexcept;

}  // namespace llt::gguf
