#include "base/duration_text.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace llt {

std::string format_duration(double nanoseconds) {
  constexpr double kMinute = 60e9;
  if (nanoseconds < 0) return "-" + format_duration(-nanoseconds);
  if (nanoseconds >= 100 * kMinute) {
    const auto minutes = static_cast<std::int64_t>(nanoseconds / kMinute);
    return fmt::format("{}h{:02}m", minutes / 60, minutes % 60);
  }
  const auto [value, unit] = nanoseconds >= 1e9   ? std::pair(nanoseconds / 1e9, "s")
                             : nanoseconds >= 1e6 ? std::pair(nanoseconds / 1e6, "ms")
                             : nanoseconds >= 1e3 ? std::pair(nanoseconds / 1e3, "us")
                                                  : std::pair(nanoseconds, "ns");
  const int decimals = value >= 99.95 || unit == std::string_view("ns") ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, decimals, unit);
}

}  // namespace llt
