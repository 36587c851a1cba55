#pragma once
// Starts one llama-server, watches it, restarts it, and leaves nothing behind.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "engine/launch.h"
#include "engine/snapshot.h"

namespace llt::engine {

struct SupervisorOptions {
  int restart_limit = 5;  ///< this many restarts within restart_window_ms, then failed
  int restart_window_ms = 300'000;
  int first_backoff_ms = 250;  ///< doubled for each restart in the window
  int max_backoff_ms = 15'000;
  int load_timeout_ms = 1'800'000;      ///< from start to ready; large models on slow disks take long
  int silent_load_timeout_ms = 60'000;  ///< loading, and neither output nor CPU time nor memory that grows
  int hang_timeout_ms = 15'000;  ///< /health silent, no byte on any request, and hardly any CPU time used;
                                 ///< ten times as long when it does use CPU time
  int probe_timeout_ms = 2'000;
  int health_interval_ms = 1'000;  ///< when ready; faster while loading
  int sample_interval_ms = 2'000;  ///< /slots and /metrics
  int stop_grace_ms = 3'000;       ///< between SIGTERM and SIGKILL
};

/// Called from the supervisor's thread, one at a time; must not block for long and must not call the
/// supervisor's stop. All but on_state may be empty.
struct SupervisorCallbacks {
  std::function<void(const Event&)> on_event;
  std::function<void(const Snapshot&)> on_state;  ///< the state or a fact changed
  std::function<std::int64_t()> outstanding;      ///< requests handed to the engine and not finished
  std::function<SteadyNs()> last_byte;            ///< when it last sent a byte on any request; 0 never
};

/// Thread-safe.
class Supervisor {
 public:
  /// Starts a thread, which starts the engine; returns at once. Permanent failures of the first start
  /// (and giving up after restarts) show as State::failed.
  [[nodiscard]] static Result<std::unique_ptr<Supervisor>> start(Launch launch, SupervisorOptions options,
                                                                 SupervisorCallbacks callbacks);
  /// Stops the engine at once if drain_and_stop was not called.
  virtual ~Supervisor() = default;

  [[nodiscard]] virtual Snapshot snapshot() const = 0;

  /// True: ready. False: not within `timeout_ms`. Error: failed for good, with the engine's last words.
  [[nodiscard]] virtual Result<bool> wait_ready(int timeout_ms) = 0;

  /// Waits until no request is outstanding or `timeout_ms` passed, then SIGTERM, then SIGKILL. No process of
  /// the engine's group is left when it returns.
  virtual void drain_and_stop(int timeout_ms) = 0;
};

}  // namespace llt::engine
