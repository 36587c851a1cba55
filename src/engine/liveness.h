#pragma once
// Judgements over time: is it still loading, does it hang, may it be restarted once more. No threads, no
// system calls except where said.

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <optional>

#include "base/clock.h"

namespace llt::engine {

/// Exponential back-off with a limit per window.
class RestartPolicy {
 public:
  RestartPolicy(int limit, int window_ms, int first_backoff_ms, int max_backoff_ms)
      : limit_(limit), window_ms_(window_ms), first_ms_(first_backoff_ms), max_ms_(max_backoff_ms) {}

  /// How long to wait before the next start, in milliseconds; unset: the limit is reached.
  [[nodiscard]] std::optional<int> next(SteadyNs now);

 private:
  int limit_, window_ms_, first_ms_, max_ms_;
  std::deque<SteadyNs> restarts_;  // within the window
};

/// What the machine says about a process, from /proc.
struct ProcessUse {
  std::uint64_t resident_bytes = 0;  ///< in memory, mapped files included
  std::uint64_t read_bytes = 0;      ///< through read()
  std::uint64_t cpu_ticks = 0;
};
/// Reads /proc; all zero when the process is gone.
[[nodiscard]] ProcessUse process_use(pid_t pid);

/// While a model loads: how far, and whether anything still moves.
class LoadMeter {
 public:
  LoadMeter(std::uint64_t model_bytes, SteadyNs started) : model_bytes_(model_bytes), moved_(started) {}

  void observe(const ProcessUse& use, SteadyNs last_output, SteadyNs now);
  /// 0 to 0.99: how much of the file has arrived in memory. Unset when the file's size is unknown.
  [[nodiscard]] std::optional<double> progress() const noexcept;
  /// Nanoseconds since anything moved.
  [[nodiscard]] std::int64_t silent_ns(SteadyNs now) const noexcept { return now - moved_; }

 private:
  std::uint64_t model_bytes_;
  ProcessUse last_;
  SteadyNs moved_;
};

/// When ready: a hang is a silent /health together with no byte on any request, for long enough. A process
/// that computes hard gets ten times as long: a huge prompt on a slow machine is not a hang.
class HangDetector {
 public:
  HangDetector(int timeout_ms, SteadyNs now)
      : timeout_ns_(std::int64_t{timeout_ms} * 1'000'000), alive_(now), busy_(now) {}

  void health_answered(SteadyNs now) noexcept { alive_ = now; }
  /// Call about once a second.
  void observe(std::uint64_t cpu_ticks, SteadyNs last_byte, SteadyNs now) noexcept;
  [[nodiscard]] bool hung(SteadyNs now) const noexcept;
  [[nodiscard]] std::int64_t silent_ns(SteadyNs now) const noexcept { return now - alive_; }

 private:
  std::int64_t timeout_ns_;
  SteadyNs alive_;  // last sign of life
  SteadyNs busy_;   // last time it used CPU worth mentioning
  std::optional<std::uint64_t> ticks_;
  SteadyNs ticks_at_ = 0;
};

}  // namespace llt::engine
