#pragma once
// The SDK's metrics as Prometheus text.

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace opentelemetry::inline v1::sdk::metrics {
class MetricReader;
}

namespace llt::telemetry {

/// Names by the rules of "OpenTelemetry to Prometheus": dots become underscores, the unit becomes a suffix
/// unless the name has it, counters end in _total, gauges of unit 1 in _ratio.
[[nodiscard]] std::string prometheus_name(std::string_view name, std::string_view unit, bool counter,
                                          bool gauge);
[[nodiscard]] std::string prometheus_label(std::string_view name);

/// A reader that collects when it is asked to. text() is thread-safe.
class PrometheusPage {
 public:
  PrometheusPage();
  ~PrometheusPage();
  [[nodiscard]] std::shared_ptr<opentelemetry::sdk::metrics::MetricReader> reader() const;
  /// Text exposition format 0.0.4, with `target` as labels of target_info. The scope, which is always ours,
  /// is left out.
  [[nodiscard]] std::string text(const std::map<std::string, std::string>& target);
  /// Collects and forgets. What one reader collects, the SDK keeps for every other until that one collects
  /// too: a page that nobody reads would grow for ever.
  void drain();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace llt::telemetry
