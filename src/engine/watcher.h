#pragma once
// The same for a server that somebody else runs: finds out what it is and whether it answers.

#include <functional>
#include <memory>
#include <string>

#include "base/endpoint.h"
#include "base/error.h"
#include "engine/snapshot.h"

namespace llt::engine {

struct WatcherOptions {
  std::string api_key;  ///< sent with the probes; may be empty
  int health_interval_ms = 1'000;
  int down_interval_ms = 500;  ///< while it does not answer
  int probe_timeout_ms = 2'000;
  int failures_to_down = 3;        ///< in a row; a refused connection counts as all of them
  int sample_interval_ms = 5'000;  ///< /slots, /metrics and the model list
};

/// Called from the watcher's thread, one at a time.
struct WatcherCallbacks {
  std::function<void(const Event&)> on_event;     ///< up and down
  std::function<void(const Snapshot&)> on_state;  ///< the state or a fact changed
  std::function<SteadyNs()> last_byte;  ///< as for the supervisor: a busy server may be slow to answer
};

/// Thread-safe. Probing ends with the object.
class Watcher {
 public:
  [[nodiscard]] static std::unique_ptr<Watcher> start(BaseUrl url, WatcherOptions options,
                                                      WatcherCallbacks callbacks);
  virtual ~Watcher() = default;
  [[nodiscard]] virtual Snapshot snapshot() const = 0;
};

}  // namespace llt::engine
