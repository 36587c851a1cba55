#pragma once
// Durations as people read them.

#include <string>

namespace llt {

/// Three significant digits with the unit that fits: "1.25 ms", "43.0 s", "2h05m".
[[nodiscard]] std::string format_duration(double nanoseconds);

}  // namespace llt
