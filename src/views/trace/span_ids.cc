#include "views/trace/span_ids.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <optional>

namespace llt::views {
namespace {

constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_digits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 16; ++i) digits[static_cast<std::uint8_t>("0123456789abcdef"[i])] = i;
  return digits;
}

constexpr std::array<std::uint8_t, 256> kDigits = make_digits();

std::optional<std::uint64_t> plain_number(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  std::uint64_t value = 0;
  std::uint8_t seen = 0;
  for (const char c : text) {
    const std::uint8_t digit = kDigits[static_cast<std::uint8_t>(c)];
    seen |= digit;
    value = value << 4 | (digit & 0xfU);
  }
  if (seen > 0xf || value == 0) return std::nullopt;
  return value;
}

}  // namespace

std::uint64_t span_id_number(std::string_view text) {
  if (text.empty()) return 0;
  return plain_number(text).value_or(std::hash<std::string_view>{}(text) | 1U);
}

std::uint64_t SpanIds::keep(std::string_view text) {
  if (const auto number = plain_number(text)) return *number;
  const std::uint64_t number = span_id_number(text);
  odd_.emplace(number, text);
  return number;
}

std::string SpanIds::text(std::uint64_t number) const {
  if (const auto odd = odd_.find(number); odd != odd_.end()) return odd->second;
  return fmt::format("{:016x}", number);
}

}  // namespace llt::views
