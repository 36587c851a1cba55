#pragma once
// The telemetry thread: takes finished requests, engine events and samples; gives rows to the store, spans
// and metrics to the OpenTelemetry SDK, text to Prometheus, and a live picture to the console.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "telemetry/gpu_state.h"
#include "telemetry/request_record.h"

namespace llt::store {
class Store;
}

namespace llt::telemetry {

/// What the engine says of itself: resource attributes and gauges. Strings are empty when unknown.
struct EngineFacts {
  std::string state;  ///< starting, loading, ready, restarting, stopped, failed
  std::string model, model_path, architecture, quantization, build, commit;
  std::optional<bool> flash_attention;
  std::optional<std::int64_t> context_tokens, slots, slots_busy, requests_deferred;
  std::int64_t pid = 0;
  std::int64_t restarts = 0;
};

/// Counts of requests in each state right now. The gateway adds and subtracts; anyone reads.
struct LiveCounts {
  std::atomic<std::int64_t> waiting{0};  ///< received, no token yet and not known to be in a slot
  std::atomic<std::int64_t> prefilling{0};
  std::atomic<std::int64_t> decoding{0};
  std::atomic<std::int64_t> connections{0};
};

/// The engine's probe: where its rings are, and what the rest of the program knows of its engines.
struct ProbeOptions {
  std::filesystem::path folder;
  std::function<std::string(std::int64_t pid)> upstream_of;  ///< empty when it cannot be told
  std::function<void(const std::string& upstream, bool probed)> on_probed;
};

struct Options {
  std::string service_version;
  std::string service_instance_id;
  bool capture_content = false;
  std::size_t queue_capacity =
      16384;  ///< finished requests not yet processed; beyond it they are dropped and counted
  GpuOptions gpus = {};
  std::optional<ProbeOptions> probe = {};  ///< nothing: no engine is looked into
};

/// Thread-safe; one instance per process. Never blocks the caller of submit().
class Telemetry {
 public:
  /// Reads OTEL_* from the environment. `store` must outlive the result.
  static Result<std::unique_ptr<Telemetry>> start(const Options& options, store::Store& store,
                                                  std::function<EngineFacts()> engine_facts);
  virtual ~Telemetry() = default;

  /// Head sampling decision for a request, by OTEL_TRACES_SAMPLER; wait-free.
  [[nodiscard]] virtual bool sample(const TraceId& trace,
                                    std::optional<bool> parent_sampled) const noexcept = 0;

  /// Hands a finished request over. Drops it, counted, when the queue is full.
  virtual void submit(std::unique_ptr<RequestRecord> record) noexcept = 0;

  /// An engine event (start, ready, crash, hang, restart, stop) for the store and the restart metric.
  virtual void engine_event(std::string kind, std::string message, std::string attributes_json) = 0;

  [[nodiscard]] virtual LiveCounts& live() noexcept = 0;

  /// The GPUs as they were read last, and what they are; empty without any. Any thread, at once.
  [[nodiscard]] virtual std::vector<GpuState> gpu_states() const = 0;
  [[nodiscard]] virtual std::vector<GpuIdentity> gpu_identities() const = 0;

  /// Prometheus text exposition format 0.0.4 of every metric of the SDK.
  [[nodiscard]] virtual std::string prometheus_text() = 0;

  /// Flushes exporters and stops; waits at most `timeout_ms`.
  virtual void shutdown(int timeout_ms) = 0;
};

}  // namespace llt::telemetry
