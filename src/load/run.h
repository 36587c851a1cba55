#pragma once
// Loads a server for a while.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "load/client.h"

namespace llt::load {

struct Plan {
  Target target;
  std::vector<std::string> bodies;  ///< sent one after the other, from the beginning again after the last
  double rate = 0;                  ///< requests a second on average; 0: closed loop
  int concurrency = 1;              ///< clients of the closed loop
  SteadyNs duration_ns = 0;
  SteadyNs drain_ns = 0;  ///< how long requests may take to end after it
  std::uint64_t seed = 1;
};

/// How far it is.
struct Progress {
  SteadyNs elapsed_ns = 0;
  std::uint64_t sent = 0, done = 0, failed = 0;
};

struct Outcome {
  std::vector<Sample> samples;   ///< in the order in which they ended
  std::uint64_t unfinished = 0;  ///< still running when the time was over; not among the samples
  std::uint64_t not_sent = 0;    ///< of an open loop: due while too many were running
  SteadyNs begin = 0, end = 0;   ///< end: of the last sample
  SteadyNs late_p99_ns = 0;      ///< how long after it was due a request was sent: our own lateness
};

/// Blocks. `stop` ends it early, with what there is by then. `progress` is called some times a second, on
/// this thread.
[[nodiscard]] Outcome run(const Plan& plan, const std::atomic<bool>& stop,
                          const std::function<void(const Progress&)>& progress);

}  // namespace llt::load
