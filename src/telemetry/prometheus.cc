#include "telemetry/prometheus.h"

#include <opentelemetry/sdk/metrics/export/metric_producer.h>
#include <opentelemetry/sdk/metrics/metric_reader.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cctype>
#include <map>
#include <mutex>

namespace llt::telemetry {
namespace {

namespace sdk = opentelemetry::sdk::metrics;
namespace nostd = opentelemetry::nostd;

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Every other character becomes an underscore; no two underscores in a row.
std::string clean(std::string_view text, bool colon) {
  std::string out;
  for (const char c : text) {
    const char next = is_name_character(c) || (colon && c == ':') ? c : '_';
    if (next == '_' && out.ends_with('_')) continue;
    out.push_back(next);
  }
  return out;
}

std::string unit_word(std::string_view unit) {
  static const std::map<std::string_view, std::string_view> kWords{
      {"s", "seconds"}, {"ms", "milliseconds"}, {"us", "microseconds"}, {"ns", "nanoseconds"},
      {"By", "bytes"},  {"J", "joules"},        {"W", "watts"},         {"Cel", "celsius"},
      {"%", "percent"}, {"m", "meters"}};
  // What stands in braces is a note, not a unit.
  if (unit.empty() || unit.front() == '{' || unit == "1") return "";
  const auto found = kWords.find(unit);
  return found == kWords.end() ? clean(unit, false) : std::string(found->second);
}

std::string unit_suffix(std::string_view unit) {
  const auto slash = unit.find('/');
  if (slash == std::string_view::npos) return unit_word(unit);
  const std::string_view per = unit.substr(slash + 1);
  std::string above = unit_word(unit.substr(0, slash));
  std::string below = per == "s" ? "second" : unit_word(per);
  if (below.empty()) return above;
  if (!above.empty()) above.push_back('_');
  return above.append("per_").append(below);
}

double to_double(const sdk::ValueType& value) {
  if (const auto* whole = nostd::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return nostd::get<double>(value);
}

struct AsText {
  template <class Value>
  std::string operator()(const Value& value) const {
    if constexpr (std::is_same_v<Value, std::string>) {
      return value;
    } else if constexpr (std::is_same_v<Value, bool>) {
      return value ? "true" : "false";
    } else if constexpr (std::is_arithmetic_v<Value>) {
      return std::to_string(value);
    } else {
      return {};  // metrics of ours have no lists as labels
    }
  }
};

prometheus::ClientMetric to_client_metric(const sdk::PointDataAttributes& point) {
  prometheus::ClientMetric out;
  for (const auto& [name, value] : point.attributes) {
    out.label.push_back({prometheus_label(name), nostd::visit(AsText{}, value)});
  }
  if (const auto* sum = nostd::get_if<sdk::SumPointData>(&point.point_data)) {
    out.counter.value = out.gauge.value = to_double(sum->value_);
  } else if (const auto* last = nostd::get_if<sdk::LastValuePointData>(&point.point_data)) {
    out.gauge.value = to_double(last->value_);
  } else if (const auto* histogram = nostd::get_if<sdk::HistogramPointData>(&point.point_data)) {
    out.histogram.sample_count = histogram->count_;
    out.histogram.sample_sum = to_double(histogram->sum_);
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < histogram->boundaries_.size(); ++i) {
      cumulative += histogram->counts_[i];
      out.histogram.bucket.push_back({cumulative, histogram->boundaries_[i]});
    }
  }
  return out;
}

prometheus::MetricType type_of(const sdk::MetricData& data) {
  switch (data.instrument_descriptor.type_) {
    case sdk::InstrumentType::kHistogram:
      return prometheus::MetricType::Histogram;
    case sdk::InstrumentType::kCounter:
    case sdk::InstrumentType::kObservableCounter:
      return prometheus::MetricType::Counter;
    default:
      return prometheus::MetricType::Gauge;
  }
}

prometheus::MetricFamily to_family(const sdk::MetricData& data) {
  prometheus::MetricFamily family;
  family.type = type_of(data);
  family.name = prometheus_name(data.instrument_descriptor.name_, data.instrument_descriptor.unit_,
                                family.type == prometheus::MetricType::Counter,
                                family.type == prometheus::MetricType::Gauge);
  family.help = data.instrument_descriptor.description_;
  for (const sdk::PointDataAttributes& point : data.point_data_attr_) {
    family.metric.push_back(to_client_metric(point));
  }
  return family;
}

prometheus::MetricFamily target_family(const std::map<std::string, std::string>& target) {
  prometheus::MetricFamily family;
  family.name = "target_info";
  family.help = "Target metadata";
  family.type = prometheus::MetricType::Gauge;
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.gauge.value = 1;
  // Two attributes may become one label name; the specification joins their values.
  std::map<std::string, std::string> labels;
  for (const auto& [name, value] : target) {
    std::string& text = labels[prometheus_label(name)];
    if (!text.empty()) text.push_back(';');
    text.append(value);
  }
  for (auto& [name, value] : labels) metric.label.push_back({name, value});
  return family;
}

std::string to_prometheus_text(const sdk::ResourceMetrics& metrics,
                               const std::map<std::string, std::string>& target) {
  std::vector<prometheus::MetricFamily> families{target_family(target)};
  for (const sdk::ScopeMetrics& scope : metrics.scope_metric_data_) {
    for (const sdk::MetricData& data : scope.metric_data_) families.push_back(to_family(data));
  }
  return prometheus::TextSerializer{}.Serialize(families);
}

class PullReader final : public sdk::MetricReader {
 public:
  sdk::AggregationTemporality GetAggregationTemporality(sdk::InstrumentType) const noexcept override {
    return sdk::AggregationTemporality::kCumulative;
  }

 private:
  bool OnForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool OnShutDown(std::chrono::microseconds) noexcept override { return true; }
};

}  // namespace

std::string prometheus_label(std::string_view name) {
  std::string label = clean(name, false);
  if (!label.empty() && std::isdigit(static_cast<unsigned char>(label.front())) != 0) label.insert(0, "key_");
  return label;
}

std::string prometheus_name(std::string_view name, std::string_view unit, bool counter, bool gauge) {
  std::string out = clean(name, true);
  const auto add = [&](std::string_view suffix) {
    if (!suffix.empty() && !out.ends_with(suffix)) out.append("_").append(suffix);
  };
  add(unit_suffix(unit));
  if (gauge && unit == "1") add("ratio");
  if (counter) add("total");
  return out;
}

struct PrometheusPage::Impl {
  std::mutex mutex;  ///< one collection at a time
  std::shared_ptr<PullReader> reader = std::make_shared<PullReader>();
};

PrometheusPage::PrometheusPage() : impl_(std::make_unique<Impl>()) {}
PrometheusPage::~PrometheusPage() = default;

std::shared_ptr<sdk::MetricReader> PrometheusPage::reader() const { return impl_->reader; }

std::string PrometheusPage::text(const std::map<std::string, std::string>& target) {
  std::string out;
  const std::lock_guard lock(impl_->mutex);
  impl_->reader->Collect([&](sdk::ResourceMetrics& metrics) {
    out = to_prometheus_text(metrics, target);
    return true;
  });
  return out;
}

void PrometheusPage::drain() {
  const std::lock_guard lock(impl_->mutex);
  impl_->reader->Collect([](sdk::ResourceMetrics&) { return true; });
}

}  // namespace llt::telemetry
