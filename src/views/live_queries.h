#pragma once
// The SQL behind the live page, and its results as values.

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "views/live_series.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

/// Percentiles of the window that ends with the second `time` (inclusive).
struct WindowStatistics {
  UnixSecond time = 0;
  Quantiles ttft_ms{}, time_per_output_token_ms{};
  std::optional<double> cache_hit_ratio{};
};

/// What inference requests that ended in the seconds [first, last] did, laid into the seconds in which it
/// happened: some of them before `first`.
[[nodiscard]] Result<std::vector<Contribution>> read_contributions(store::Reader& reader, UnixSecond first,
                                                                   UnixSecond last);

/// Statistics of the windows that end at last, last - stride, ... down to first. Windows without requests
/// are left out.
[[nodiscard]] Result<std::vector<WindowStatistics>> read_windows(store::Reader& reader, UnixSecond first,
                                                                 UnixSecond last, int stride);

/// JSON arrays of objects, newest first. `ended_after` bounds the search: seconds since the epoch, 0 = none.
[[nodiscard]] Result<std::string> read_newest_requests(store::Reader& reader, UnixSecond ended_after,
                                                       int limit);
[[nodiscard]] Result<std::string> read_newest_events(store::Reader& reader, UnixSecond after, int limit);
/// Only counters above 0.
[[nodiscard]] Result<std::string> read_losses(store::Reader& reader);

}  // namespace llt::views
