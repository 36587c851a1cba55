#pragma once
// Whether, where and how traces and metrics are exported: OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER,
// OTEL_EXPORTER_OTLP_*, OTEL_BSP_*, OTEL_METRIC_EXPORT_*.

#include <cstdint>
#include <map>
#include <string>

#include "base/error.h"
#include "telemetry/environment.h"

namespace llt::telemetry {

enum class ExporterKind : std::uint8_t { none, otlp_http, otlp_grpc, console };

/// One signal's exporter.
struct SignalExport {
  ExporterKind kind = ExporterKind::none;
  std::string
      endpoint;  ///< whole URL for HTTP (with /v1/traces or /v1/metrics), http(s)://host:port for gRPC
  std::map<std::string, std::string> headers;
  std::int64_t timeout_ms = 10'000;
  bool gzip = false;
  bool insecure = false;                                    ///< gRPC without TLS
  std::string certificate, client_key, client_certificate;  ///< PEM files; empty: the system's
};

enum class Temporality : std::uint8_t { cumulative, delta, low_memory };

struct ExportConfig {
  SignalExport traces, metrics;
  // OTEL_BSP_*
  std::size_t span_queue = 2048;
  std::size_t span_batch = 512;
  std::int64_t span_delay_ms = 5'000;
  // OTEL_METRIC_EXPORT_*
  std::int64_t metric_interval_ms = 60'000;
  std::int64_t metric_timeout_ms = 30'000;
  Temporality temporality = Temporality::cumulative;

  /// Nothing is exported unless an exporter or an endpoint is named, or when OTEL_SDK_DISABLED is true.
  /// Unlike in a library, silence is the default: nobody asked for a daemon to knock at port 4318. Fails
  /// (invalid_argument) for an exporter or a protocol that we do not have.
  [[nodiscard]] static Result<ExportConfig> from_environment(const Environment& environment);
};

}  // namespace llt::telemetry
