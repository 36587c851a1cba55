#pragma once
// The SDK's exporters, made from the configuration. The heavy headers of each stay in one .cc file.

#include <opentelemetry/sdk/metrics/push_metric_exporter.h>
#include <opentelemetry/sdk/trace/exporter.h>

#include <memory>

#include "telemetry/otlp_config.h"

namespace llt::telemetry {

using SpanExporterPtr = std::unique_ptr<opentelemetry::sdk::trace::SpanExporter>;
using MetricExporterPtr = std::unique_ptr<opentelemetry::sdk::metrics::PushMetricExporter>;

/// nullptr for ExporterKind::none.
[[nodiscard]] SpanExporterPtr make_span_exporter(const SignalExport& signal);
[[nodiscard]] MetricExporterPtr make_metric_exporter(const SignalExport& signal, Temporality temporality);

[[nodiscard]] SpanExporterPtr make_http_span_exporter(const SignalExport& signal);
[[nodiscard]] MetricExporterPtr make_http_metric_exporter(const SignalExport& signal,
                                                          Temporality temporality);
[[nodiscard]] SpanExporterPtr make_grpc_span_exporter(const SignalExport& signal);
[[nodiscard]] MetricExporterPtr make_grpc_metric_exporter(const SignalExport& signal,
                                                          Temporality temporality);

}  // namespace llt::telemetry
