#include "app/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>

#include "base/duration_text.h"

namespace llt::app {
namespace {

constexpr std::string_view kSizeHint = "for example 15GiB, 500MB or a number of bytes";
constexpr std::string_view kDurationHint = "for example 250ms, 30s, 5m or 7d";

struct Unit {
  std::string_view name;  // lower case
  std::uint64_t factor;
};

constexpr std::array kSizeUnits = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"kb", 1000},
    Unit{"mb", 1000'000},
    Unit{"gb", 1000'000'000},
    Unit{"tb", 1000'000'000'000},
    Unit{"kib", 1024},
    Unit{"mib", 1024ull * 1024},
    Unit{"gib", 1024ull * 1024 * 1024},
    Unit{"tib", 1024ull * 1024 * 1024 * 1024},
};

constexpr std::array kDurationUnits = {
    Unit{"ns", 1},
    Unit{"us", 1000},
    Unit{"ms", 1000'000},
    Unit{"s", 1000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3600'000'000'000},
    Unit{"d", 86'400'000'000'000},
    Unit{"w", 604'800'000'000'000},
};

// A decimal number as whole + fraction/scale, so that no digit passes through floating point.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;
  std::uint64_t scale = 1;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::uint64_t digit(char c) { return static_cast<std::uint64_t>(c - '0'); }

// Takes a number off the front of `text`; nothing when there is none or it is too large. Digits after the
// ninth place are dropped: they are less than a nanosecond of a second or a byte of a gigabyte.
std::optional<Decimal> take_number(std::string_view& text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  Decimal number;
  while (!text.empty() && is_digit(text.front())) {
    if (__builtin_mul_overflow(number.whole, 10u, &number.whole) ||
        __builtin_add_overflow(number.whole, digit(text.front()), &number.whole)) {
      return std::nullopt;
    }
    text.remove_prefix(1);
  }
  if (text.size() < 2 || text[0] != '.' || !is_digit(text[1])) return number;
  text.remove_prefix(1);
  while (!text.empty() && is_digit(text.front())) {
    if (number.scale < 1000'000'000) {
      number.fraction = number.fraction * 10 + digit(text.front());
      number.scale *= 10;
    }
    text.remove_prefix(1);
  }
  return number;
}

// Takes the letters that follow a number, in lower case.
std::string take_unit(std::string_view& text) {
  std::string unit;
  while (!text.empty() && std::isalpha(static_cast<unsigned char>(text.front()))) {
    unit += static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    text.remove_prefix(1);
  }
  return unit;
}

template <std::size_t N>
std::optional<std::uint64_t> factor_of(const std::array<Unit, N>& units, std::string_view name) {
  const auto found = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
  if (found == units.end()) return std::nullopt;
  return found->factor;
}

// number * factor, or nothing when it does not fit into `limit`.
std::optional<std::uint64_t> scaled(const Decimal& number, std::uint64_t factor, std::uint64_t limit) {
  std::uint64_t whole = 0;
  if (__builtin_mul_overflow(number.whole, factor, &whole)) return std::nullopt;
  // fraction * factor / scale without overflow: fraction < scale <= 10^9.
  const std::uint64_t part =
      number.fraction * (factor / number.scale) + number.fraction * (factor % number.scale) / number.scale;
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(whole, part, &sum) || sum > limit) return std::nullopt;
  return sum;
}

std::unexpected<Error> not_a(std::string_view what, std::string_view text, std::string_view hint) {
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a {}", text, what), std::string(hint));
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (!number) return not_a("size", text, kSizeHint);
  if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  const std::string unit = take_unit(rest);
  const auto factor = factor_of(kSizeUnits, unit);
  if (!factor && unit.size() == 1) {
    return not_a("size", text, "write MB for millions or MiB for 1024 times 1024 bytes");
  }
  if (!factor || !rest.empty()) return not_a("size", text, kSizeHint);
  const auto bytes = scaled(*number, *factor, std::numeric_limits<std::uint64_t>::max());
  if (!bytes) return not_a("size", text, "it is more than 16 exbibytes");
  return *bytes;
}

Result<std::int64_t> parse_duration(std::string_view text) {
  if (text == "0") return 0;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::string_view rest = text;
  std::uint64_t total = 0;
  do {
    const auto number = take_number(rest);
    if (!number) return not_a("time", text, kDurationHint);
    const std::string unit = take_unit(rest);
    const auto factor = factor_of(kDurationUnits, unit);
    if (!factor)
      return not_a("time", text,
                   unit.empty() ? "add a unit, " + std::string(kDurationHint) : std::string(kDurationHint));
    const auto part = scaled(*number, *factor, kMax - total);
    if (!part) return not_a("time", text, "it is more than 292 years");
    total += *part;
  } while (!rest.empty());
  return static_cast<std::int64_t>(total);
}

std::string format_duration(double nanoseconds) { return llt::format_duration(nanoseconds); }

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array kNames = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t name = 0;
  while (value >= 1023.95 && name + 1 < kNames.size()) {
    value /= 1024;
    ++name;
  }
  return fmt::format("{:.1f} {}", value, kNames[name]);
}

int to_ms(std::int64_t nanoseconds) noexcept {
  return static_cast<int>(
      std::clamp<std::int64_t>((nanoseconds + 999'999) / 1'000'000, 0, std::numeric_limits<int>::max()));
}

}  // namespace llt::app
