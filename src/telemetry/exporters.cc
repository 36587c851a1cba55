#include "telemetry/exporters.h"

#include <opentelemetry/exporters/ostream/metric_exporter_factory.h>
#include <opentelemetry/exporters/ostream/span_exporter_factory.h>

#include <iostream>

namespace llt::telemetry {

// The console exporters write to stderr: stdout is for results.

SpanExporterPtr make_span_exporter(const SignalExport& signal) {
  switch (signal.kind) {
    case ExporterKind::none:
      return nullptr;
    case ExporterKind::otlp_http:
      return make_http_span_exporter(signal);
    case ExporterKind::otlp_grpc:
      return make_grpc_span_exporter(signal);
    case ExporterKind::console:
      return opentelemetry::exporter::trace::OStreamSpanExporterFactory::Create(std::cerr);
  }
  return nullptr;
}

MetricExporterPtr make_metric_exporter(const SignalExport& signal, Temporality temporality) {
  switch (signal.kind) {
    case ExporterKind::none:
      return nullptr;
    case ExporterKind::otlp_http:
      return make_http_metric_exporter(signal, temporality);
    case ExporterKind::otlp_grpc:
      return make_grpc_metric_exporter(signal, temporality);
    case ExporterKind::console:
      return opentelemetry::exporter::metrics::OStreamMetricExporterFactory::Create(std::cerr);
  }
  return nullptr;
}

}  // namespace llt::telemetry
