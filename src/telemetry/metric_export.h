#pragma once
// The reader that pushes metrics to a collector at intervals.

#include <memory>

#include "telemetry/otlp_config.h"
#include "telemetry/resource.h"

namespace opentelemetry::inline v1::sdk::metrics {
class MetricReader;
}

namespace llt::telemetry {

struct ExportGate;

/// Both are nullptr when no metrics are to be exported.
struct MetricPush {
  std::shared_ptr<opentelemetry::sdk::metrics::MetricReader> reader;
  std::shared_ptr<ExportGate> gate;
};
[[nodiscard]] MetricPush make_metric_push(const ExportConfig& config,
                                          std::shared_ptr<const CurrentResource> resource);

}  // namespace llt::telemetry
