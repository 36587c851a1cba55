#pragma once
// The OpenTelemetry SDK writes its complaints to stderr, one for each failed export. Here they become at most
// one line a minute of ours, at level debug; export_health.h says what they mean for the user.

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace llt::telemetry {

/// Between two lines about the same trouble.
inline constexpr SteadyNs kLineIntervalNs = 60 * kNsPerS;

/// Takes over the SDK's log, for the whole process. Idempotent.
void take_over_sdk_log();

/// The last warning or error that the SDK gave, in one line; empty when there was none.
[[nodiscard]] std::string last_sdk_complaint();

/// Errors that the SDK has logged on the calling thread. Its HTTP exporters say "success" for every export
/// that was tried; that they logged an error meanwhile is the only sign of a failure.
[[nodiscard]] std::uint64_t sdk_errors_on_this_thread() noexcept;

}  // namespace llt::telemetry
