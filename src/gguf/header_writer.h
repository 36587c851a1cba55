#pragma once
// Writes the head of a GGUF file: metadata, then the descriptions of tensors that lie back to back.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/tensor_type.h"
#include "gguf/value.h"

namespace llt::gguf {

class HeaderWriter {
 public:
  static constexpr std::uint64_t kAlignment = 32;

  explicit HeaderWriter(ByteOrder order = ByteOrder::little, std::uint32_t version = 3)
      : order_(order), version_(version) {}

  void add_text(std::string_view key, std::string_view text);
  void add_u32(std::string_view key, std::uint32_t value);
  void add_i32(std::string_view key, std::int32_t value);
  void add_u64(std::string_view key, std::uint64_t value);
  void add_f32(std::string_view key, float value);
  void add_bool(std::string_view key, bool value);
  void add_texts(std::string_view key, std::span<const std::string> texts);
  void add_u32s(std::string_view key, std::span<const std::uint32_t> values);
  void add_i32s(std::string_view key, std::span<const std::int32_t> values);
  void add_f32s(std::string_view key, std::span<const float> values);
  /// A value whose bytes the caller has laid out.
  void add_raw(std::string_view key, std::uint32_t type, std::string_view bytes);

  /// The tensor lies behind the ones added before it. Its size must be known (tensor_bytes()).
  void add_tensor(std::string_view name, TensorTypeId type, std::span<const std::uint64_t> shape);
  /// The same with an offset of the caller's, for files that are to be wrong.
  void add_tensor_at(std::string_view name, TensorTypeId type, std::span<const std::uint64_t> shape,
                     std::uint64_t offset);

  /// The head with its padding: where the data section begins.
  [[nodiscard]] std::string finish() const;
  /// Size of the data section, with padding behind each tensor.
  [[nodiscard]] std::uint64_t data_bytes() const noexcept { return data_bytes_; }

 private:
  template <class Number>
  void put(std::string& out, Number value) const;
  void put_text(std::string& out, std::string_view text) const;
  void begin(std::string_view key, ValueType type);
  template <class Number>
  void add_array(std::string_view key, ValueType element, std::span<const Number> values);

  ByteOrder order_;
  std::uint32_t version_;
  std::uint64_t entries_ = 0;
  std::uint64_t tensors_ = 0;
  std::uint64_t data_bytes_ = 0;
  std::string metadata_;
  std::string descriptions_;
};

}  // namespace llt::gguf
