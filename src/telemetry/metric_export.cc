#include "telemetry/metric_export.h"

#include <opentelemetry/sdk/metrics/export/periodic_exporting_metric_reader.h>
#include <opentelemetry/sdk/metrics/export/periodic_exporting_metric_reader_options.h>

#include "telemetry/exporters.h"
#include "telemetry/guarded_exporters.h"

namespace llt::telemetry {

MetricPush make_metric_push(const ExportConfig& config, std::shared_ptr<const CurrentResource> resource) {
  namespace sdk = opentelemetry::sdk::metrics;
  MetricExporterPtr exporter = make_metric_exporter(config.metrics, config.temporality);
  if (exporter == nullptr) return {};
  MetricPush push;
  push.gate = std::make_shared<ExportGate>("metrics", config.metrics.endpoint);
  sdk::PeriodicExportingMetricReaderOptions options;
  options.export_interval_millis = std::chrono::milliseconds(config.metric_interval_ms);
  options.export_timeout_millis = std::chrono::milliseconds(config.metric_timeout_ms);
  push.reader = std::make_shared<sdk::PeriodicExportingMetricReader>(
      guard(std::move(exporter), std::move(resource), push.gate), options);
  return push;
}

}  // namespace llt::telemetry
