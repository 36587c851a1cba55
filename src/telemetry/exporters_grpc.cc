#include <opentelemetry/exporters/otlp/otlp_grpc_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_grpc_exporter_options.h>
#include <opentelemetry/exporters/otlp/otlp_grpc_metric_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_grpc_metric_exporter_options.h>

#include <algorithm>
#include <chrono>

#include "base/ascii.h"
#include "base/log.h"
#include "telemetry/exporters.h"
#include "telemetry/otlp_temporality.h"

namespace llt::telemetry {
namespace {

namespace otlp = opentelemetry::exporter::otlp;

void fill(const SignalExport& signal, otlp::OtlpGrpcClientOptions& options) {
  options.endpoint = signal.endpoint;
  options.use_ssl_credentials = !signal.insecure;
  options.ssl_credentials_cacert_path = signal.certificate;
  options.timeout = std::chrono::milliseconds(signal.timeout_ms);
  options.metadata.clear();
  // gRPC metadata keys are lower-case; it aborts on others.
  for (const auto& [name, value] : signal.headers) options.metadata.emplace(lower(name), value);
  options.compression = signal.gzip ? "gzip" : "none";
  if (!signal.client_key.empty() || !signal.client_certificate.empty()) {
    spdlog::warn(
        "client certificates are used with http/protobuf only: this OpenTelemetry SDK has none for gRPC");
  }
}

}  // namespace

SpanExporterPtr make_grpc_span_exporter(const SignalExport& signal) {
  otlp::OtlpGrpcExporterOptions options;
  fill(signal, options);
  return otlp::OtlpGrpcExporterFactory::Create(options);
}

MetricExporterPtr make_grpc_metric_exporter(const SignalExport& signal, Temporality temporality) {
  otlp::OtlpGrpcMetricExporterOptions options;
  fill(signal, options);
  options.aggregation_temporality = to_otlp(temporality);
  return otlp::OtlpGrpcMetricExporterFactory::Create(options);
}

}  // namespace llt::telemetry
