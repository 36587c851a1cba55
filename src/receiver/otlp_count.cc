#include "receiver/otlp_count.h"

namespace llt::receiver {

std::uint64_t count(const MetricsRequest& request) {
  int points = 0;
  for (const auto& resource : request.resource_metrics()) {
    for (const auto& scope : resource.scope_metrics()) {
      for (const auto& metric : scope.metrics()) {
        // At most one of them is there.
        points += metric.gauge().data_points_size() + metric.sum().data_points_size() +
                  metric.histogram().data_points_size() + metric.exponential_histogram().data_points_size() +
                  metric.summary().data_points_size();
      }
    }
  }
  return static_cast<std::uint64_t>(points);
}

std::uint64_t count(const LogsRequest& request) {
  int records = 0;
  for (const auto& resource : request.resource_logs()) {
    for (const auto& scope : resource.scope_logs()) records += scope.log_records_size();
  }
  return static_cast<std::uint64_t>(records);
}

}  // namespace llt::receiver
