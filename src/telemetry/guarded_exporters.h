#pragma once
// What stands between the SDK and its exporters: the current resource, counted losses, and a way to stop in
// bounded time whatever the collector does.

#include <atomic>
#include <functional>
#include <memory>

#include "telemetry/export_health.h"
#include "telemetry/exporters.h"
#include "telemetry/resource.h"

namespace llt::telemetry {

/// Shared by a signal's wrappers. Any thread.
struct ExportGate {
  ExportGate(std::string what, std::string where) : health(std::move(what), std::move(where)) {}

  ExportHealth health;
  std::atomic<std::int64_t> in_flight{0};  ///< spans ended and not yet exported or lost
  std::atomic<bool> given_up{false};       ///< shutting down and out of time: nothing is sent any more
};

/// Exports under the current resource; counts Loss::spans_export_failed.
[[nodiscard]] SpanExporterPtr guard(SpanExporterPtr inner, std::shared_ptr<const CurrentResource> resource,
                                    std::shared_ptr<ExportGate> gate);

/// The same for metrics; counts Loss::metrics_export_failed.
[[nodiscard]] MetricExporterPtr guard(MetricExporterPtr inner,
                                      std::shared_ptr<const CurrentResource> resource,
                                      std::shared_ptr<ExportGate> gate);

/// Runs `stop`, which may block on a collector. After `timeout_ms` gives the gate up and waits a moment
/// longer for `stop` to notice. When even that does not help, leaves it behind on a thread of its own
/// (false): then whatever `stop` refers to must be owned by it.
bool stop_within(int timeout_ms, const std::shared_ptr<ExportGate>& gate, std::function<void()> stop);

}  // namespace llt::telemetry
