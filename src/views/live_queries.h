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
/// happened: some of them before `first`. With a `step` times are multiples of it and hold so many seconds.
[[nodiscard]] Result<std::vector<Contribution>> read_contributions(store::Reader& reader, UnixSecond first,
                                                                   UnixSecond last, int step = 1);

/// Statistics of the windows that end at last, last - stride, ... down to first, each of `window` seconds.
/// Windows without requests are left out.
[[nodiscard]] Result<std::vector<WindowStatistics>> read_windows(store::Reader& reader, UnixSecond first,
                                                                 UnixSecond last, int stride,
                                                                 int window = kWindowSeconds);

struct StepSecond {
  UnixSecond time = 0;
  StepStatistics steps{};
};

/// The batch steps that began in [first, last], by multiples of `step` seconds. Empty without a probe.
[[nodiscard]] Result<std::vector<StepSecond>> read_step_seconds(store::Reader& reader, UnixSecond first,
                                                                UnixSecond last, int step = 1);

/// Two JSON arrays: everything, and the part that may have changed since the last reading.
struct FreshRows {
  std::string all = "[]", fresh = "[]";
};

/// The newest steps that began after `since_ns`, oldest first, each an array: engine, step, start in
/// milliseconds since 1970, duration in ms, prefill tokens, decode tokens, sequences.
[[nodiscard]] Result<FreshRows> read_newest_steps(store::Reader& reader, std::int64_t since_ns,
                                                  std::int64_t fresh_ns, int limit);

/// The turns with steps since `since_ns`, newest first: who was in which slot, and how far.
[[nodiscard]] Result<FreshRows> read_turns(store::Reader& reader, std::int64_t since_ns,
                                           std::int64_t fresh_ns, int limit);

/// JSON arrays of objects, newest first. `ended_after` bounds the search: seconds since the epoch, 0 = none.
[[nodiscard]] Result<std::string> read_newest_requests(store::Reader& reader, UnixSecond ended_after,
                                                       int limit);
[[nodiscard]] Result<std::string> read_newest_events(store::Reader& reader, UnixSecond after, int limit);
/// Only counters above 0.
[[nodiscard]] Result<std::string> read_losses(store::Reader& reader);

}  // namespace llt::views
