#include "views/trace/span_ids.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <functional>
#include <optional>

namespace llt::views {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;  // one in each of eight bytes

// Eight digits at once, each in its byte; nothing where one is no lower-case hexadecimal digit.
std::optional<std::uint64_t> eight_digits(const char* text) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  const std::uint64_t letters = bytes >> 6 & kOnes;
  std::uint64_t values = (bytes & kOnes * 0xf) + letters * 9;
  const std::uint64_t above_nine = (values + kOnes * 6) >> 4 & kOnes;
  const std::uint64_t written = values + kOnes * '0' + above_nine * ('a' - '0' - 10);
  if (written != bytes || (values & kOnes * 0xf0) != 0) return std::nullopt;
  values = std::byteswap(values);  // x86 and ARM keep the first byte lowest
  values = (values | values >> 4) & 0x00ff00ff00ff00ff;
  values = (values | values >> 8) & 0x0000ffff0000ffff;
  return (values | values >> 16) & 0xffffffff;
}

std::optional<std::uint64_t> plain_number(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  const auto high = eight_digits(text.data()), low = eight_digits(text.data() + 8);
  if (!high || !low || (*high | *low) == 0) return std::nullopt;
  return *high << 32 | *low;
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
