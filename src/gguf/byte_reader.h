#pragma once
// Reads numbers and strings off a file's bytes; every failure names the field and its offset.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gguf/value.h"

namespace llt::gguf {

/// A number of the given byte order at the start of `bytes`, which must be long enough.
template <class Number>
[[nodiscard]] Number load(const std::byte* bytes, ByteOrder order) noexcept {
  std::array<std::byte, sizeof(Number)> raw;
  std::memcpy(raw.data(), bytes, sizeof(Number));
  const bool native = (order == ByteOrder::little) == (std::endian::native == std::endian::little);
  if (!native) std::ranges::reverse(raw);
  return std::bit_cast<Number>(raw);
}

/// Walks over bytes from the front. A failed read leaves the position where it was.
class ByteReader {
 public:
  /// `name` is what errors call the file; both must outlive the reader.
  ByteReader(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  void set_order(ByteOrder order) noexcept { order_ = order; }
  [[nodiscard]] ByteOrder order() const noexcept { return order_; }
  /// Offset of the next byte from the start of the file.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  [[nodiscard]] std::uint64_t left() const noexcept { return bytes_.size() - position_; }

  /// `field` completes the sentence "the file ends within ...".
  template <class Number>
  [[nodiscard]] Result<Number> number(std::string_view field) {
    if (left() < sizeof(Number)) return ends_within(field, sizeof(Number));
    const auto value = load<Number>(bytes_.data() + position_, order_);
    position_ += sizeof(Number);
    return value;
  }

  /// A 64-bit length, then that many bytes.
  [[nodiscard]] Result<std::string_view> string(std::string_view field);
  /// The next `size` bytes as they are.
  [[nodiscard]] Result<std::span<const std::byte>> take(std::uint64_t size, std::string_view field);
  /// The bytes from `from` up to the position.
  [[nodiscard]] std::span<const std::byte> since(std::uint64_t from) const noexcept {
    return bytes_.subspan(from, position_ - from);
  }

  /// An error about `field`, which begins at byte `at`: "NAME, byte 17: the version is 9, ...".
  [[nodiscard]] std::unexpected<Error> bad(std::uint64_t at, std::string_view sentence,
                                           std::string_view hint) const;

 private:
  [[nodiscard]] std::unexpected<Error> ends_within(std::string_view field, std::uint64_t wanted) const;

  std::span<const std::byte> bytes_;
  std::string_view name_;
  std::uint64_t position_ = 0;
  ByteOrder order_ = ByteOrder::little;
};

}  // namespace llt::gguf
