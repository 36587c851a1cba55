#pragma once
// How much is in requests of which nothing is kept.

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>

#include <cstdint>

namespace llt::receiver {

using MetricsRequest = opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest;
using LogsRequest = opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest;

/// Data points.
[[nodiscard]] std::uint64_t count(const MetricsRequest& request);
/// Log records.
[[nodiscard]] std::uint64_t count(const LogsRequest& request);

}  // namespace llt::receiver
