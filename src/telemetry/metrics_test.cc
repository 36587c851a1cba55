#include "telemetry/metrics.h"

#include <gtest/gtest.h>
#include <opentelemetry/sdk/metrics/export/metric_producer.h>
#include <opentelemetry/sdk/metrics/metric_reader.h>

#include <map>

#include "telemetry/test_records.h"
#include "telemetry/test_store.h"

namespace llt::telemetry {
namespace {

namespace sdk = opentelemetry::sdk::metrics;
namespace nostd = opentelemetry::nostd;

class TestReader final : public sdk::MetricReader {
 public:
  sdk::AggregationTemporality GetAggregationTemporality(sdk::InstrumentType) const noexcept override {
    return sdk::AggregationTemporality::kCumulative;
  }
  /// All metrics with points, by name.
  std::map<std::string, sdk::MetricData> read() {
    std::map<std::string, sdk::MetricData> out;
    Collect([&](sdk::ResourceMetrics& metrics) {
      for (const auto& scope : metrics.scope_metric_data_) {
        for (const auto& data : scope.metric_data_) {
          if (!data.point_data_attr_.empty()) out.emplace(data.instrument_descriptor.name_, data);
        }
      }
      return true;
    });
    return out;
  }

 private:
  bool OnForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool OnShutDown(std::chrono::microseconds) noexcept override { return true; }
};

struct Fixture {
  explicit Fixture(NameSets names = {}) : metrics(names, "1", gauges) { metrics.add_reader(reader); }
  void record(const RequestRecord& record) { metrics.record(record, break_down(record)); }

  testing::RowKeeper store;
  LiveCounts live;
  Gauges gauges{live, store, nullptr};
  std::shared_ptr<TestReader> reader = std::make_shared<TestReader>();
  Metrics metrics;
};

const sdk::HistogramPointData& histogram(const sdk::MetricData& data, std::size_t point = 0) {
  return nostd::get<sdk::HistogramPointData>(data.point_data_attr_.at(point).point_data);
}

double sum(const sdk::MetricData& data, std::size_t point = 0) {
  const auto& value = histogram(data, point).sum_;
  if (const auto* whole = nostd::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return nostd::get<double>(value);
}

std::string label(const sdk::MetricData& data, const char* key, std::size_t point = 0) {
  const auto& attributes = data.point_data_attr_.at(point).attributes;
  const auto found = attributes.find(key);
  return found == attributes.end() ? "(none)" : nostd::get<std::string>(found->second);
}

TEST(Metrics, EveryHistogramHasItsUnitAndBuckets) {
  Fixture f({.rel = true, .main = true});
  f.record(testing::streamed_chat());
  RequestRecord embeddings = testing::plain_chat();
  embeddings.operation = Operation::embeddings;
  f.record(embeddings);
  const auto found = f.reader->read();
  for (const names::MetricInfo* info : names::kMetrics) {
    if (info->instrument != names::Instrument::histogram) continue;
    ASSERT_TRUE(found.contains(info->name)) << info->name;
    const sdk::MetricData& data = found.at(info->name);
    EXPECT_EQ(data.instrument_descriptor.unit_, info->unit);
    EXPECT_EQ(histogram(data).boundaries_, std::vector<double>(info->buckets.begin(), info->buckets.end()))
        << info->name;
  }
}

TEST(Metrics, ReleasedNamesOnlyByDefault) {
  Fixture f;
  f.record(testing::streamed_chat());
  const auto found = f.reader->read();
  EXPECT_TRUE(found.contains("gen_ai.client.operation.duration"));
  EXPECT_TRUE(found.contains("gen_ai.client.token.usage"));
  for (const auto& [name, data] : found) {
    EXPECT_EQ(name.find("gen_ai.client.inference"), std::string::npos) << name;
    EXPECT_EQ(name.find("gen_ai.client.embeddings"), std::string::npos) << name;
  }
}

TEST(Metrics, SuccessorNamesReplaceThemOnRequest) {
  Fixture f({.rel = false, .main = true});
  f.record(testing::streamed_chat());
  const auto found = f.reader->read();
  EXPECT_FALSE(found.contains("gen_ai.client.operation.duration"));
  EXPECT_FALSE(found.contains("gen_ai.client.token.usage"));
  EXPECT_TRUE(found.contains("gen_ai.client.inference.duration"));
  EXPECT_TRUE(found.contains("gen_ai.client.inference.usage.cache_read.input_tokens"));
  EXPECT_TRUE(found.contains("gen_ai.server.request.duration"));
  EXPECT_EQ(label(found.at("gen_ai.client.inference.usage.output_tokens"), "gen_ai.token.modality"), "text");
}

TEST(Metrics, RerankKeepsTheOperationDurationInBothConventions) {
  Fixture f({.rel = false, .main = true});
  RequestRecord record = testing::plain_chat();
  record.operation = Operation::rerank;
  f.record(record);
  const auto found = f.reader->read();
  EXPECT_TRUE(found.contains("gen_ai.client.operation.duration"));
  EXPECT_FALSE(found.contains("gen_ai.client.inference.duration"));
}

TEST(Metrics, ValuesOfAStream) {
  Fixture f;
  f.record(testing::streamed_chat());
  const auto found = f.reader->read();
  EXPECT_NEAR(sum(found.at("http.server.request.duration")), 0.311, 1e-9);
  EXPECT_NEAR(sum(found.at("gen_ai.server.request.duration")), 0.300, 1e-9);
  EXPECT_NEAR(sum(found.at("gen_ai.server.time_to_first_token")), 0.100, 1e-9);
  EXPECT_NEAR(sum(found.at("gen_ai.server.time_per_output_token")), 0.200 / 20, 1e-9);
  EXPECT_NEAR(sum(found.at("gen_ai.client.operation.duration")), 0.3085, 1e-9);
  EXPECT_NEAR(sum(found.at("gen_ai.client.operation.time_to_first_chunk")), 0.103, 1e-9);
  EXPECT_EQ(histogram(found.at("gen_ai.client.operation.time_per_output_chunk")).count_, 5U);
  EXPECT_NEAR(sum(found.at("gen_ai.client.operation.time_per_output_chunk")), 0.2, 1e-9);
  EXPECT_NEAR(sum(found.at("llamatelemetry.request.queue_time")), 0.040, 1e-9);
  EXPECT_NEAR(sum(found.at("llamatelemetry.request.prefill_throughput")), 20 / 0.058, 1e-6);
  EXPECT_NEAR(sum(found.at("llamatelemetry.request.decode_throughput")), 21 / 0.195, 1e-6);
  EXPECT_NEAR(sum(found.at("llamatelemetry.request.cache_hit_ratio")), 1.0 / 3, 1e-9);
  EXPECT_NEAR(sum(found.at("llamatelemetry.gateway.overhead")), 0.002, 1e-9);
}

TEST(Metrics, TokensByDirection) {
  Fixture f;
  f.record(testing::streamed_chat());
  const auto found = f.reader->read();
  const sdk::MetricData& usage = found.at("gen_ai.client.token.usage");
  ASSERT_EQ(usage.point_data_attr_.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(sum(usage, i), label(usage, "gen_ai.token.type", i) == "input" ? 30 : 21);
  }
}

TEST(Metrics, FailuresCarryTheirTypeAndNoLatencyOfTokens) {
  Fixture f;
  RequestRecord record = testing::streamed_chat();
  record.error_type = "upstream_closed";
  record.http_status = 502;
  f.record(record);
  const auto found = f.reader->read();
  EXPECT_EQ(label(found.at("gen_ai.server.request.duration"), "error.type"), "upstream_closed");
  EXPECT_EQ(label(found.at("gen_ai.client.operation.duration"), "error.type"), "upstream_closed");
  EXPECT_EQ(label(found.at("http.server.request.duration"), "error.type"), "upstream_closed");
  EXPECT_FALSE(found.contains("gen_ai.server.time_to_first_token"));
  EXPECT_FALSE(found.contains("gen_ai.server.time_per_output_token"));
}

TEST(Metrics, RoutesThatAreOnlyTimedHaveHttpMetricsOnly) {
  Fixture f;
  RequestRecord record = testing::plain_chat();
  record.operation = Operation::none;
  record.route = kOtherRoute;
  record.method = "BREW";
  f.record(record);
  const auto found = f.reader->read();
  const sdk::MetricData& http = found.at("http.server.request.duration");
  EXPECT_EQ(label(http, "http.route"), "(none)");
  EXPECT_EQ(label(http, "http.request.method"), "_OTHER");
  EXPECT_FALSE(found.contains("gen_ai.server.request.duration"));
}

TEST(Metrics, ModelNamesAreBounded) {
  Fixture f;
  for (int i = 0; i < 200; ++i) {
    RequestRecord record = testing::plain_chat();
    record.request.model = record.response.model = "model-" + std::to_string(i);
    f.record(record);
  }
  const auto found = f.reader->read();
  const sdk::MetricData& duration = found.at("gen_ai.server.request.duration");
  EXPECT_EQ(duration.point_data_attr_.size(), kMaxModelNames + 1);
  bool other = false;
  for (std::size_t i = 0; i < duration.point_data_attr_.size(); ++i) {
    other |= label(duration, "gen_ai.request.model", i) == "other";
  }
  EXPECT_TRUE(other);
}

}  // namespace
}  // namespace llt::telemetry
