#pragma once
// Time. Durations are measured on the monotonic clock; wall-clock times are derived from one anchor, so
// that the phases of a request add up even when somebody sets the clock.

#include <chrono>
#include <cstdint>

namespace llt {

/// Nanoseconds on CLOCK_MONOTONIC. 0 means "never happened".
using SteadyNs = std::int64_t;
/// Nanoseconds since the Unix epoch.
using UnixNs = std::int64_t;

inline constexpr std::int64_t kNsPerMs = 1'000'000;
inline constexpr std::int64_t kNsPerS = 1'000'000'000;

[[nodiscard]] inline SteadyNs now_steady() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

[[nodiscard]] inline UnixNs now_unix() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Maps monotonic to wall-clock time. Take one at a request's first byte and use it for the whole request.
struct WallAnchor {
  SteadyNs steady = now_steady();
  UnixNs unix_ns = now_unix();

  [[nodiscard]] UnixNs to_unix(SteadyNs at) const noexcept { return unix_ns + (at - steady); }
};

}  // namespace llt
