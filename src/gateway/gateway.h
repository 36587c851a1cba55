#pragma once
// The transparent proxy between clients and llama-server.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "gateway/upstream.h"
#include "telemetry/telemetry.h"

namespace llt::gateway {

/// Every limit is per connection unless it says otherwise.
struct Limits {
  std::size_t header_bytes = 64 * 1024;
  std::size_t inspected_body_bytes = 16 * 1024 * 1024;  ///< larger bodies pass through unread
  std::size_t held_event_bytes = 1024 * 1024;           ///< an SSE event larger than this passes unfiltered
  std::uint64_t body_bytes = 1024ull * 1024 * 1024;     ///< 413 beyond
  int max_connections = 8192;                           ///< per process; 503 beyond
  int max_in_flight = 4096;                             ///< inference requests per process; 429 beyond
  int header_timeout_ms = 15'000;                       ///< slow loris
  int body_timeout_ms = 30'000;                         ///< between reads of a body
  int idle_timeout_ms = 75'000;                         ///< keep-alive
  int connect_timeout_ms = 3'000;
  int response_timeout_ms = 3'600'000;  ///< handed over to answer's first byte, and between bytes
  int client_write_timeout_ms = 120'000;
};

struct Options {
  Endpoint listen;
  std::vector<std::string> api_keys;  ///< empty: no key is asked for
  bool capture_content = false;
  int threads = 1;
  Limits limits;
};

class Gateway {
 public:
  /// Binds and starts serving at once (503 while no upstream is ready). `upstreams` and `telemetry` must
  /// outlive the result.
  static Result<std::unique_ptr<Gateway>> start(Options options, UpstreamSet& upstreams,
                                                telemetry::Telemetry& telemetry);
  virtual ~Gateway() = default;

  /// The bound address (the port when 0 was asked for).
  [[nodiscard]] virtual Endpoint address() const = 0;

  /// Stops accepting, lets running requests finish for at most `timeout_ms`, then closes what is left.
  virtual void drain(int timeout_ms) = 0;

  /// Makes a drain() that waits in another thread wait no longer. Any thread.
  virtual void cut_drain() noexcept = 0;
};

}  // namespace llt::gateway
