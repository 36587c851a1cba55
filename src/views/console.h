#pragma once
// The console: the web page, its HTTP API and the metrics endpoint, on threads of its own. It only reads;
// nothing here can delay a request that the gateway serves.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/error.h"
#include "views/model_sources.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

/// What one inference server says of itself. Empty strings and absent values are unknown.
struct EngineNow {
  std::string upstream{};  ///< the upstream's name
  std::string state{};     ///< starting, loading, ready, restarting, stopped, failed
  std::string model{}, architecture{}, quantization{}, build{}, commit{};
  std::optional<bool> flash_attention{};
  std::optional<std::int64_t> context_tokens{}, slots{}, slots_busy{}, requests_deferred{};
  std::int64_t restarts = 0;
};

/// One GPU. What its driver does not tell is absent.
struct GpuNow {
  int index = 0;
  std::string name{}, role{};  ///< empty: unknown, no plan
  std::optional<double> utilization{}, power_watts{}, temperature_celsius{};
  std::optional<std::uint64_t> memory_used_bytes{}, memory_total_bytes{};  ///< of all processes
  std::optional<std::uint64_t> planned_bytes{};  ///< what the engine is to hold there
  std::optional<std::uint64_t> engine_bytes{};   ///< what it does hold
  std::optional<std::uint64_t> sm_clock_hz{};
  std::string throttled_by{};            ///< "power_cap,hardware_thermal"; empty: nothing, or unknown
  std::vector<std::string> misplaced{};  ///< sentences on processes that have no business there
};

/// The moment as the program sees it; read once a second, whoever watches.
struct LiveFacts {
  std::int64_t waiting = 0;      ///< requests without a token that are not known to be in a slot
  std::int64_t prefilling = 0;   ///< requests whose prompt is being processed
  std::int64_t decoding = 0;     ///< requests that produce tokens
  std::int64_t connections = 0;  ///< clients connected to the gateway
  bool serving = false;          ///< requests can be served: some upstream is ready
  std::string gateway_url{};     ///< for the examples on the page, e.g. http://127.0.0.1:8080
  std::vector<EngineNow> engines{};
  std::vector<GpuNow> gpus{};
};

/// Where the console's answers come from. Every function must be callable from any thread until stop()
/// has returned; live() must not block, the others may take some milliseconds.
struct Sources {
  store::Reader* reader = nullptr;                 ///< not owned; outlives the console
  std::function<std::string()> status_json{};      ///< the document of `status --json`
  std::function<std::string()> prometheus_text{};  ///< exposition format 0.0.4
  std::function<LiveFacts()> live{};
  ModelSources model{};
  std::string analytics_gpu{};  ///< where graphs may be computed: a GPU's number, "none", or "" for any
};

/// Every limit is per connection unless it says otherwise.
struct ConsoleLimits {
  std::size_t header_bytes = 16 * 1024;         ///< 431 beyond
  std::size_t body_bytes = 1024 * 1024;         ///< 413 beyond; bodies are SQL
  std::size_t upload_bytes = 64 * 1024 * 1024;  ///< of an edge list; 413 beyond
  int upload_timeout_ms = 120'000;              ///< for it to arrive
  int max_connections = 256;                    ///< per process; 503 beyond
  int max_viewers = 64;                         ///< live streams per process; 503 beyond
  int max_waiting_queries = 16;                 ///< per process; 429 beyond
  int query_threads = 2;                        ///< queries that run at once, per process
  int header_timeout_ms = 10'000;               ///< first byte of a request to its end
  int idle_timeout_ms = 75'000;                 ///< keep-alive
  int write_timeout_ms = 30'000;                ///< a reader that takes nothing for this long is cut off
  std::int64_t query_timeout_ms = 30'000;       ///< when the request names none
  std::int64_t max_query_timeout_ms = 600'000;  ///< whatever the request names
};

struct ConsoleOptions {
  Endpoint listen{};
  std::vector<std::string> api_keys{};  ///< empty: no key is asked for
  std::vector<std::string>
      allowed_hosts{};        ///< names beside the bound address under which the page is reached
  std::string version{};      ///< of the program, for the API description
  int history_seconds = 900;  ///< how far back the live curves begin
  ConsoleLimits limits{};
};

class Console {
 public:
  /// Binds and starts serving at once. Fails with `already_exists` when the address is taken.
  static Result<std::unique_ptr<Console>> start(const ConsoleOptions& options, Sources sources);
  virtual ~Console() = default;

  /// The bound address (the port when 0 was asked for).
  [[nodiscard]] virtual Endpoint address() const = 0;

  /// Closes every connection, interrupts running queries and joins the threads. Callable once or more.
  virtual void stop() = 0;
};

}  // namespace llt::views
