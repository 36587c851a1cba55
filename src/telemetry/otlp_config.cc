#include "telemetry/otlp_config.h"

#include <algorithm>

#include "base/log.h"

namespace llt::telemetry {
namespace {

struct Signal {
  std::string_view name;  ///< TRACES or METRICS
  std::string_view path;  ///< v1/traces or v1/metrics
};

std::string otlp_variable(const Signal& signal, std::string_view suffix) {
  return "OTEL_EXPORTER_OTLP_" + std::string(signal.name) + "_" + std::string(suffix);
}

/// The signal's own variable, otherwise the one for all signals.
std::optional<std::string> otlp_value(const Environment& environment, const Signal& signal,
                                      std::string_view suffix) {
  if (auto own = environment(otlp_variable(signal, suffix))) return own;
  return environment("OTEL_EXPORTER_OTLP_" + std::string(suffix));
}

/// For HTTP the signal's own endpoint is used as it is; to the general one the signal's path is appended.
std::string http_endpoint(const Environment& environment, const Signal& signal) {
  if (auto own = environment(otlp_variable(signal, "ENDPOINT"))) return *own;
  std::string base = environment("OTEL_EXPORTER_OTLP_ENDPOINT").value_or("http://localhost:4318");
  if (!base.ends_with('/')) base.push_back('/');
  return base.append(signal.path);
}

std::string grpc_endpoint(const Environment& environment, const Signal& signal) {
  return otlp_value(environment, signal, "ENDPOINT").value_or("http://localhost:4317");
}

Result<ExporterKind> otlp_kind(const Environment& environment, const Signal& signal) {
  const std::string protocol = otlp_value(environment, signal, "PROTOCOL").value_or("http/protobuf");
  if (protocol == "grpc") return ExporterKind::otlp_grpc;
  if (protocol == "http/protobuf") return ExporterKind::otlp_http;
  return fail(ErrorCode::invalid_argument, "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol + " is not supported",
              "use http/protobuf or grpc");
}

Result<ExporterKind> exporter_kind(const Environment& environment, const Signal& signal) {
  const std::string variable = "OTEL_" + std::string(signal.name) + "_EXPORTER";
  const auto named = environment(variable);
  if (named == "none") return ExporterKind::none;
  if (named == "console") return ExporterKind::console;
  if (named == "otlp" || (!named && otlp_value(environment, signal, "ENDPOINT"))) {
    return otlp_kind(environment, signal);
  }
  if (!named) return ExporterKind::none;
  if (*named == "prometheus" && signal.name == "METRICS") {
    return ExporterKind::none;  // always there, at the console's /metrics
  }
  return fail(ErrorCode::invalid_argument, variable + "=" + *named + " is not supported",
              "use otlp, console or none");
}

Result<SignalExport> read_signal(const Environment& environment, const Signal& signal) {
  SignalExport out;
  const auto kind = exporter_kind(environment, signal);
  if (!kind) return std::unexpected(kind.error());
  out.kind = *kind;
  if (out.kind != ExporterKind::otlp_http && out.kind != ExporterKind::otlp_grpc) return out;
  const bool grpc = out.kind == ExporterKind::otlp_grpc;
  out.endpoint = grpc ? grpc_endpoint(environment, signal) : http_endpoint(environment, signal);
  out.headers = parse_pairs(otlp_value(environment, signal, "HEADERS").value_or(""));
  const std::int64_t general = integer_or(environment, "OTEL_EXPORTER_OTLP_TIMEOUT", 10'000);
  out.timeout_ms = integer_or(environment, otlp_variable(signal, "TIMEOUT"), general);
  out.gzip = otlp_value(environment, signal, "COMPRESSION") == "gzip";
  out.certificate = otlp_value(environment, signal, "CERTIFICATE").value_or("");
  out.client_key = otlp_value(environment, signal, "CLIENT_KEY").value_or("");
  out.client_certificate = otlp_value(environment, signal, "CLIENT_CERTIFICATE").value_or("");
  // The scheme decides; INSECURE counts only for an endpoint without one.
  const bool has_scheme = out.endpoint.find("://") != std::string::npos;
  const auto insecure = otlp_value(environment, signal, "INSECURE");
  out.insecure = has_scheme ? out.endpoint.starts_with("http://") : insecure == "true";
  return out;
}

Temporality read_temporality(const Environment& environment) {
  std::string text = environment("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE").value_or("cumulative");
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  if (text == "delta") return Temporality::delta;
  if (text == "lowmemory") return Temporality::low_memory;
  return Temporality::cumulative;
}

}  // namespace

Result<ExportConfig> ExportConfig::from_environment(const Environment& environment) {
  ExportConfig config;
  if (is_true(environment, "OTEL_SDK_DISABLED")) return config;
  const auto traces = read_signal(environment, {"TRACES", "v1/traces"});
  if (!traces) return std::unexpected(traces.error());
  config.traces = *traces;
  const auto metrics = read_signal(environment, {"METRICS", "v1/metrics"});
  if (!metrics) return std::unexpected(metrics.error());
  config.metrics = *metrics;

  const auto size = [&](std::string_view name, std::size_t fallback) {
    const auto value = integer_or(environment, name, static_cast<std::int64_t>(fallback));
    return std::clamp<std::size_t>(static_cast<std::size_t>(value), 1, std::size_t{1} << 20);
  };
  config.span_queue = size("OTEL_BSP_MAX_QUEUE_SIZE", config.span_queue);
  config.span_batch = std::min(size("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", config.span_batch), config.span_queue);
  config.span_delay_ms = std::max<std::int64_t>(1, integer_or(environment, "OTEL_BSP_SCHEDULE_DELAY", 5'000));
  // OTEL_BSP_EXPORT_TIMEOUT bounds what OTEL_EXPORTER_OTLP_TIMEOUT bounds: the shorter one counts.
  config.traces.timeout_ms =
      std::min(config.traces.timeout_ms, integer_or(environment, "OTEL_BSP_EXPORT_TIMEOUT", 30'000));
  config.metric_interval_ms =
      std::max<std::int64_t>(10, integer_or(environment, "OTEL_METRIC_EXPORT_INTERVAL", 60'000));
  config.metric_timeout_ms = integer_or(environment, "OTEL_METRIC_EXPORT_TIMEOUT", 30'000);
  // The SDK wants the timeout below the interval.
  config.metric_timeout_ms =
      std::clamp<std::int64_t>(config.metric_timeout_ms, 1, config.metric_interval_ms - 1);
  config.temporality = read_temporality(environment);
  return config;
}

}  // namespace llt::telemetry
