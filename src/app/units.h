#pragma once
// Sizes and times as people write them on a command line, and back again for reports.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace llt::app {

/// "15GiB", "500MB", "1.5kB" or plain bytes. Units are kB MB GB TB (powers of 1000) and KiB MiB GiB TiB
/// (powers of 1024), in any case; a bare K, M or G is refused because it means both.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// "250ms", "30s", "5m", "1h30m", "7d" in nanoseconds. Units are ns us ms s m h d w; only 0 may stand alone.
[[nodiscard]] Result<std::int64_t> parse_duration(std::string_view text);

/// Three significant digits with the unit that fits: "1.25 ms", "43.0 s", "2h05m".
[[nodiscard]] std::string format_duration(double nanoseconds);

/// Whole milliseconds, at least 1 unless it is 0, and no more than an int holds.
[[nodiscard]] int to_ms(std::int64_t nanoseconds) noexcept;

/// "1 warning", "2 warnings": for nouns that take an s.
[[nodiscard]] std::string counted(std::int64_t count, std::string_view noun);

/// Binary units with one decimal: "10.0 GiB", "512 B".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

}  // namespace llt::app
