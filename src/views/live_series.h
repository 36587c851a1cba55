#pragma once
// The live curves: one point a second, newest last. Work that a request did over many seconds is laid into
// the seconds in which it happened, so points of the past can still grow; those are reported as revised.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace llt::views {

/// Seconds since the Unix epoch.
using UnixSecond = std::int64_t;

/// Percentiles of the requests that ended in the last kWindowSeconds; absent when there was none.
struct Quantiles {
  std::optional<double> p50{}, p95{}, p99{};
};

inline constexpr int kWindowSeconds = 60;

/// The engine's batch steps that began in a second, as its probe saw them.
struct StepStatistics {
  double count = 0, prefill_tokens = 0, decode_tokens = 0;
  double sequences = 0;  ///< in a step, mean
  double p95_ms = 0;     ///< duration of a step
};

/// What one second holds. Counts of a second that was looked at are known, so they may be 0.
struct SecondPoint {
  UnixSecond time = 0;
  std::int64_t requests = 0;                                          ///< ended in this second
  std::int64_t errors = 0;                                            ///< of these
  double queue_seconds = 0, prefill_seconds = 0, decode_seconds = 0;  ///< spent in this second, all requests
  double prefill_tokens = 0, decode_tokens = 0;                       ///< computed in this second
  Quantiles ttft_ms{}, time_per_output_token_ms{};
  std::optional<double> cache_hit_ratio{};  ///< prompt tokens found in the cache, same window
  std::optional<std::int64_t> waiting{}, prefilling{},
      decoding{};                         ///< sampled once; absent when nobody looked
  std::optional<StepStatistics> steps{};  ///< absent without a probe in the engine, and when it was idle
};

/// An addition to the second `time`.
struct Contribution {
  UnixSecond time = 0;
  std::int64_t requests = 0, errors = 0;
  double queue_seconds = 0, prefill_seconds = 0, decode_seconds = 0, prefill_tokens = 0, decode_tokens = 0;
};

/// Not thread-safe.
class LiveSeries {
 public:
  explicit LiveSeries(int seconds) : capacity_(static_cast<std::size_t>(seconds)) {}

  /// Forgets all points and begins anew with empty ones, so that the newest is `newest`.
  void reset(UnixSecond newest);
  /// Appends empty points up to `newest`; drops the oldest beyond the capacity.
  void advance(UnixSecond newest);
  /// Adds to a point, if it is still held.
  void add(const Contribution& contribution);
  /// The point of a second, or nullptr; for values that are set, not added. Counts as revised.
  [[nodiscard]] SecondPoint* edit(UnixSecond time);

  [[nodiscard]] bool empty() const noexcept { return points_.empty(); }
  [[nodiscard]] const std::deque<SecondPoint>& points() const noexcept { return points_; }
  /// Points changed or appended since the last call, oldest first.
  [[nodiscard]] std::vector<SecondPoint> take_revised();

 private:
  std::size_t capacity_;
  std::deque<SecondPoint> points_;  ///< contiguous in time
  std::set<UnixSecond> revised_;
};

}  // namespace llt::views
