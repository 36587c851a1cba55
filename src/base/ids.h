#pragma once
// Trace and span ids of the W3C Trace Context, with their hex forms.
// https://www.w3.org/TR/trace-context/

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llt {

namespace detail {
inline constexpr char kHexDigits[] = "0123456789abcdef";

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;  // upper case is invalid in traceparent
}
}  // namespace detail

/// N random bytes that are not all zero. The tag makes TraceId and SpanId different types.
template <class Tag, std::size_t N>
struct Id {
  std::array<std::uint8_t, N> bytes{};

  static constexpr std::size_t kHexLength = 2 * N;

  [[nodiscard]] bool valid() const noexcept { return bytes != std::array<std::uint8_t, N>{}; }

  void write_hex(char* out) const noexcept {
    for (std::uint8_t b : bytes) {
      *out++ = detail::kHexDigits[b >> 4];
      *out++ = detail::kHexDigits[b & 15];
    }
  }

  [[nodiscard]] std::string hex() const {
    std::string text(kHexLength, '0');
    write_hex(text.data());
    return text;
  }

  /// Lower-case hex only; all-zero ids and wrong lengths are refused.
  [[nodiscard]] static std::optional<Id> from_hex(std::string_view text) noexcept {
    if (text.size() != kHexLength) return std::nullopt;
    Id id;
    for (std::size_t i = 0; i < N; ++i) {
      const int high = detail::hex_value(text[2 * i]);
      const int low = detail::hex_value(text[2 * i + 1]);
      if (high < 0 || low < 0) return std::nullopt;
      id.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return id.valid() ? std::optional(id) : std::nullopt;
  }

  friend bool operator==(const Id&, const Id&) = default;
};

using TraceId = Id<struct TraceIdTag, 16>;
using SpanId = Id<struct SpanIdTag, 8>;

/// Random and never all zero. Any thread; no lock.
[[nodiscard]] TraceId random_trace_id() noexcept;
[[nodiscard]] SpanId random_span_id() noexcept;

/// The id of a span's n-th child of ours (n < 256): known to whoever knows the parent's, so the store need
/// not keep it.
[[nodiscard]] constexpr SpanId child_span_id(SpanId parent, std::uint8_t n) noexcept {
  parent.bytes.back() ^= n;
  return parent;
}

}  // namespace llt
