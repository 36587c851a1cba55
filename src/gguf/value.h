#pragma once
// Metadata values of a GGUF file. Strings and arrays are views into the file's bytes: nothing is copied, and
// nothing is larger than the file.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace llt::gguf {

/// Numbers of `enum gguf_type` (gguf.h).
enum class ValueType : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

enum class ByteOrder { little, big };

[[nodiscard]] std::optional<ValueType> to_value_type(std::uint32_t number) noexcept;
/// "u32", "string", "array", ...
[[nodiscard]] std::string_view to_string(ValueType type) noexcept;
/// Bytes of one value; 0 for strings and arrays, whose size is written in front of them.
[[nodiscard]] std::size_t fixed_bytes(ValueType type) noexcept;

class Value;

/// A checked array: its bytes are known to hold `size()` elements.
class Array {
 public:
  Array(ValueType element, std::uint64_t size, std::span<const std::byte> bytes, ByteOrder order)
      : element_(element), size_(size), bytes_(bytes), order_(order) {}

  [[nodiscard]] ValueType element_type() const noexcept { return element_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Calls `visit` with each element in turn, until it returns false.
  void for_each(const std::function<bool(const Value&)>& visit) const;
  /// All elements as unsigned integers; nothing when one is none or there are more than `most`.
  [[nodiscard]] std::optional<std::vector<std::uint64_t>> integers(std::size_t most) const;
  /// One element; nothing when it is out of range. Takes time in proportion to `index` for strings.
  [[nodiscard]] std::optional<Value> at(std::uint64_t index) const;

 private:
  ValueType element_;
  std::uint64_t size_;
  std::span<const std::byte> bytes_;
  ByteOrder order_;
};

class Value {
 public:
  /// Integers are widened to 64 bits of their signedness, f32 to double.
  using Data = std::variant<std::uint64_t, std::int64_t, double, bool, std::string_view, Array>;

  Value(ValueType type, Data data) : type_(type), data_(std::move(data)) {}

  [[nodiscard]] ValueType type() const noexcept { return type_; }
  [[nodiscard]] const Data& data() const noexcept { return data_; }

  /// The value as an integer that is not negative; nothing for anything else. Booleans count as 0 and 1.
  [[nodiscard]] std::optional<std::uint64_t> as_unsigned() const noexcept;
  [[nodiscard]] std::optional<std::string_view> as_string() const noexcept;
  [[nodiscard]] std::optional<bool> as_bool() const noexcept;
  [[nodiscard]] std::optional<double> as_number() const noexcept;
  [[nodiscard]] const Array* as_array() const noexcept { return std::get_if<Array>(&data_); }

 private:
  ValueType type_;
  Data data_;
};

}  // namespace llt::gguf
