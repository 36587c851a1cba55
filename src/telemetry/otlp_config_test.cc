#include "telemetry/otlp_config.h"

#include <gtest/gtest.h>

namespace llt::telemetry {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

ExportConfig read(Variables variables) {
  auto config = ExportConfig::from_environment(fixed_environment(std::move(variables)));
  EXPECT_TRUE(config) << config.error().message;
  return config.value_or(ExportConfig{});
}

TEST(OtlpConfig, SilentUnlessAsked) {
  EXPECT_EQ(read({}).traces.kind, ExporterKind::none);
  EXPECT_EQ(read({}).metrics.kind, ExporterKind::none);
  EXPECT_EQ(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}).traces.kind, ExporterKind::none);
}

TEST(OtlpConfig, GeneralHttpEndpointGetsThePath) {
  for (const char* endpoint : {"http://collector:4318", "http://collector:4318/"}) {
    const ExportConfig config = read({{"OTEL_EXPORTER_OTLP_ENDPOINT", endpoint}});
    EXPECT_EQ(config.traces.kind, ExporterKind::otlp_http);
    EXPECT_EQ(config.traces.endpoint, "http://collector:4318/v1/traces");
    EXPECT_EQ(config.metrics.endpoint, "http://collector:4318/v1/metrics");
  }
}

TEST(OtlpConfig, TheSignalsOwnEndpointIsUsedAsItIs) {
  const ExportConfig config = read({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://x/custom"}});
  EXPECT_EQ(config.traces.endpoint, "https://x/custom");
  EXPECT_EQ(config.metrics.kind, ExporterKind::none);
}

TEST(OtlpConfig, GrpcTakesTheEndpointWithoutPath) {
  const ExportConfig config = read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"},
                                    {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                                    {"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"}});
  EXPECT_EQ(config.traces.kind, ExporterKind::otlp_grpc);
  EXPECT_EQ(config.traces.endpoint, "http://collector:4317");
  EXPECT_TRUE(config.traces.insecure);
  EXPECT_EQ(config.metrics.kind, ExporterKind::otlp_http);
}

TEST(OtlpConfig, NamedExporters) {
  const ExportConfig config = read({{"OTEL_TRACES_EXPORTER", "otlp"},
                                    {"OTEL_METRICS_EXPORTER", "none"},
                                    {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}});
  EXPECT_EQ(config.traces.kind, ExporterKind::otlp_http);
  EXPECT_EQ(config.metrics.kind, ExporterKind::none);
  EXPECT_EQ(read({{"OTEL_TRACES_EXPORTER", "otlp"}}).traces.endpoint, "http://localhost:4318/v1/traces");
  EXPECT_EQ(read({{"OTEL_TRACES_EXPORTER", "console"}}).traces.kind, ExporterKind::console);
  EXPECT_EQ(read({{"OTEL_METRICS_EXPORTER", "prometheus"}}).metrics.kind, ExporterKind::none);
  EXPECT_EQ(read({{"OTEL_SDK_DISABLED", "true"}, {"OTEL_TRACES_EXPORTER", "otlp"}}).traces.kind,
            ExporterKind::none);
}

TEST(OtlpConfig, RefusesWhatWeDoNotHave) {
  for (const Variables& variables : {Variables{{"OTEL_TRACES_EXPORTER", "zipkin"}},
                                     Variables{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"},
                                               {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"}}}) {
    const auto config = ExportConfig::from_environment(fixed_environment(variables));
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(config.error().hint.empty());
  }
}

TEST(OtlpConfig, HeadersTimeoutsAndQueues) {
  const ExportConfig config = read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://c"},
                                    {"OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20x,a=b"},
                                    {"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "m=1"},
                                    {"OTEL_EXPORTER_OTLP_TIMEOUT", "1500"},
                                    {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "700"},
                                    {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                                    {"OTEL_BSP_MAX_QUEUE_SIZE", "100"},
                                    {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "500"},
                                    {"OTEL_BSP_SCHEDULE_DELAY", "50"},
                                    {"OTEL_METRIC_EXPORT_INTERVAL", "1000"},
                                    {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"}});
  EXPECT_EQ(config.traces.headers.at("Authorization"), "Bearer x");
  EXPECT_EQ(config.metrics.headers.size(), 1U);
  EXPECT_EQ(config.traces.timeout_ms, 700);
  EXPECT_EQ(config.metrics.timeout_ms, 1500);
  EXPECT_TRUE(config.traces.gzip);
  EXPECT_FALSE(config.traces.insecure);
  EXPECT_EQ(config.span_queue, 100U);
  EXPECT_EQ(config.span_batch, 100U);
  EXPECT_EQ(config.span_delay_ms, 50);
  EXPECT_EQ(config.metric_interval_ms, 1000);
  EXPECT_LT(config.metric_timeout_ms, config.metric_interval_ms);
  EXPECT_EQ(config.temporality, Temporality::delta);
}

}  // namespace
}  // namespace llt::telemetry
