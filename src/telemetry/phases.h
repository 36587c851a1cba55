#pragma once
// From what the gateway saw of a request to where its time went. Formulas and limits: docs/phases.md.

#include <cstdint>
#include <optional>

#include "telemetry/request_record.h"

namespace llt::telemetry {

/// Which of the rules of docs/phases.md split the upstream time.
enum class PhaseRule : std::uint8_t {
  progress,        ///< streamed, the engine said when it took the request up: all three phases measured
  stream_timings,  ///< streamed, prompt time from the engine's `timings`
  plain_timings,   ///< plain answer, prompt and generation time from the engine's `timings`
  still_queued,    ///< progress was asked for and none came: the whole wait was queueing
  first_content,   ///< streamed, nothing known but the first content
  unknown,         ///< nothing known, or no upstream was reached
};
[[nodiscard]] const char* to_string(PhaseRule rule) noexcept;

/// Nanoseconds. Two sums hold exactly, with nullopt counted as 0:
///   receive + gateway + connect + client + upstream = total
///   queue + prefill + decode + unattributed = upstream
struct PhaseBreakdown {
  std::int64_t total = 0;
  std::int64_t receive = 0, gateway = 0, connect = 0, client = 0, upstream = 0;
  std::optional<std::int64_t> queue, prefill, decode;  ///< nullopt: not known
  std::int64_t unattributed = 0;
  std::optional<std::int64_t> ttft;  ///< first request byte to first content chunk out; streams only
  /// What the server made the first token wait: queue + prefill, also when the two cannot be told apart.
  std::optional<std::int64_t> server_ttft;
  PhaseRule rule = PhaseRule::unknown;
  /// The engine's own times exceed the time that we waited for it, by more than rounding explains.
  bool timings_inconsistent = false;
};

/// Pure.
[[nodiscard]] PhaseBreakdown break_down(const RequestRecord& record) noexcept;

/// The wall intervals of the three phases and of the CLIENT span, on the monotonic clock. An interval with
/// end 0 is not known. Unlike the sums above they include moments in which the client did not read.
struct Interval {
  SteadyNs start = 0, end = 0;
  [[nodiscard]] bool known() const noexcept { return end != 0; }
};
struct PhaseIntervals {
  Interval operation;  ///< the CLIENT span: from turning to the upstream to its last byte
  Interval queue, prefill, decode;
};
[[nodiscard]] PhaseIntervals locate(const RequestRecord& record, const PhaseBreakdown& phases) noexcept;

}  // namespace llt::telemetry
