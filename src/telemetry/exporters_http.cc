#include <opentelemetry/exporters/otlp/otlp_http_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_options.h>
#include <opentelemetry/exporters/otlp/otlp_http_metric_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_http_metric_exporter_options.h>

#include <chrono>

#include "telemetry/exporters.h"
#include "telemetry/otlp_temporality.h"

namespace llt::telemetry {
namespace {

namespace otlp = opentelemetry::exporter::otlp;

/// The options of traces and of metrics have the same members but no common base.
template <class Options>
Options make_options(const SignalExport& signal) {
  Options options;
  options.url = signal.endpoint;
  options.content_type = otlp::HttpRequestContentType::kBinary;
  options.timeout = std::chrono::milliseconds(signal.timeout_ms);
  options.http_headers.clear();
  for (const auto& [name, value] : signal.headers) options.http_headers.emplace(name, value);
  options.compression = signal.gzip ? "gzip" : "none";
  options.ssl_ca_cert_path = signal.certificate;
  options.ssl_client_key_path = signal.client_key;
  options.ssl_client_cert_path = signal.client_certificate;
  return options;
}

}  // namespace

SpanExporterPtr make_http_span_exporter(const SignalExport& signal) {
  return otlp::OtlpHttpExporterFactory::Create(make_options<otlp::OtlpHttpExporterOptions>(signal));
}

MetricExporterPtr make_http_metric_exporter(const SignalExport& signal, Temporality temporality) {
  auto options = make_options<otlp::OtlpHttpMetricExporterOptions>(signal);
  options.aggregation_temporality = to_otlp(temporality);
  return otlp::OtlpHttpMetricExporterFactory::Create(options);
}

}  // namespace llt::telemetry
