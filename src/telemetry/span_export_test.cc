#include "telemetry/span_export.h"

#include <gtest/gtest.h>
#include <opentelemetry/exporters/memory/in_memory_span_data.h>
#include <opentelemetry/exporters/memory/in_memory_span_exporter_factory.h>
#include <opentelemetry/sdk/trace/span_data.h>

#include <atomic>
#include <map>
#include <thread>

#include "base/losses.h"
#include "telemetry/test_records.h"

namespace llt::telemetry {
namespace {

namespace trace_api = opentelemetry::trace;
namespace trace_sdk = opentelemetry::sdk::trace;
namespace memory = opentelemetry::exporter::memory;

std::string hex(const trace_api::SpanId& id) {
  std::string out(16, '0');
  id.ToLowerBase16(opentelemetry::nostd::span<char, 16>(out.data(), 16));
  return out;
}
std::string hex(const trace_api::TraceId& id) {
  std::string out(32, '0');
  id.ToLowerBase16(opentelemetry::nostd::span<char, 32>(out.data(), 32));
  return out;
}

std::shared_ptr<CurrentResource> resource() {
  return std::make_shared<CurrentResource>(Options{"1", "i", false, 16}, fixed_environment({}));
}

ExportConfig quick() {
  ExportConfig config;
  config.span_delay_ms = 10;
  return config;
}

using Spans = std::map<std::string, std::unique_ptr<trace_sdk::SpanData>>;

Spans export_one(const RequestRecord& record) {
  std::shared_ptr<memory::InMemorySpanData> data;
  SpanExport out(memory::InMemorySpanExporterFactory::Create(data, 100), quick(), "1", resource());
  SpanSet set;
  build_spans(record, break_down(record), Content{}, {}, set);
  out.emit(set);
  out.shutdown(5'000);
  Spans spans;
  for (auto& span : data->GetSpans()) spans[std::string(span->GetName())] = std::move(span);
  return spans;
}

TEST(SpanExport, SpansHaveTheGivenIdsParentsKindsAndTimes) {
  const RequestRecord record = testing::streamed_chat();
  const Spans spans = export_one(record);
  ASSERT_EQ(spans.size(), 5U);
  const trace_sdk::SpanData& server = *spans.at("POST /v1/chat/completions");
  const trace_sdk::SpanData& client = *spans.at("chat SmolLM2-135M-Instruct");
  EXPECT_EQ(hex(server.GetTraceId()), record.trace_id.hex());
  EXPECT_EQ(hex(server.GetSpanId()), record.server_span.hex());
  EXPECT_EQ(hex(server.GetParentSpanId()), record.parent_span->hex());
  EXPECT_EQ(server.GetSpanKind(), trace_api::SpanKind::kServer);
  EXPECT_EQ(server.GetStartTime().time_since_epoch().count(), record.anchor.unix_ns);
  EXPECT_EQ(server.GetDuration().count(), 311 * testing::kMs);
  EXPECT_EQ(hex(client.GetSpanId()), record.client_span.hex());
  EXPECT_EQ(hex(client.GetParentSpanId()), record.server_span.hex());
  EXPECT_EQ(client.GetSpanKind(), trace_api::SpanKind::kClient);
  for (const char* name : {"queue", "prefill", "decode"}) {
    EXPECT_EQ(hex(spans.at(name)->GetParentSpanId()), record.client_span.hex());
    EXPECT_EQ(hex(spans.at(name)->GetTraceId()), record.trace_id.hex());
  }
  EXPECT_EQ(spans.at("prefill")->GetDuration().count(), 60 * testing::kMs);
}

TEST(SpanExport, ARootHasNoParentAndKeepsItsTraceId) {
  RequestRecord record = testing::plain_chat();
  record.parent_span.reset();
  const Spans spans = export_one(record);
  const trace_sdk::SpanData& server = *spans.at("POST /v1/chat/completions");
  EXPECT_EQ(hex(server.GetTraceId()), record.trace_id.hex());
  EXPECT_FALSE(server.GetParentSpanId().IsValid());
}

TEST(SpanExport, UnsampledTracesStayHere) {
  RequestRecord record = testing::plain_chat();
  record.sampled = false;
  EXPECT_TRUE(export_one(record).empty());
}

/// A collector with a will of its own.
class StubbornExporter final : public trace_sdk::SpanExporter {
 public:
  struct Behaviour {
    std::atomic<bool> refuse{false};
    std::atomic<int> block_ms{0};
    std::atomic<std::uint64_t> taken{0};
  };
  explicit StubbornExporter(std::shared_ptr<Behaviour> behaviour) : behaviour_(std::move(behaviour)) {}
  std::unique_ptr<trace_sdk::Recordable> MakeRecordable() noexcept override {
    return std::make_unique<trace_sdk::SpanData>();
  }
  opentelemetry::sdk::common::ExportResult Export(
      const opentelemetry::nostd::span<std::unique_ptr<trace_sdk::Recordable>>& spans) noexcept override {
    std::this_thread::sleep_for(std::chrono::milliseconds(behaviour_->block_ms));
    if (behaviour_->refuse) return opentelemetry::sdk::common::ExportResult::kFailure;
    behaviour_->taken += spans.size();
    return opentelemetry::sdk::common::ExportResult::kSuccess;
  }
  bool ForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool Shutdown(std::chrono::microseconds) noexcept override { return true; }

 private:
  std::shared_ptr<Behaviour> behaviour_;
};

TEST(SpanExport, ARefusingCollectorIsCounted) {
  const auto behaviour = std::make_shared<StubbornExporter::Behaviour>();
  behaviour->refuse = true;
  const auto before = loss_count(Loss::spans_export_failed);
  SpanExport out(std::make_unique<StubbornExporter>(behaviour), quick(), "1", resource());
  const RequestRecord record = testing::streamed_chat();
  SpanSet set;
  build_spans(record, break_down(record), Content{}, {}, set);
  for (int i = 0; i < 10; ++i) out.emit(set);
  out.shutdown(5'000);
  EXPECT_EQ(loss_count(Loss::spans_export_failed), before + 50);
}

TEST(SpanExport, ASlowCollectorCostsSpansNotTime) {
  const auto behaviour = std::make_shared<StubbornExporter::Behaviour>();
  behaviour->block_ms = 300;
  const auto dropped = loss_count(Loss::spans_export_dropped);
  const auto failed = loss_count(Loss::spans_export_failed);
  ExportConfig config = quick();
  config.span_queue = 100;
  config.span_batch = 10;
  SpanExport out(std::make_unique<StubbornExporter>(behaviour), config, "1", resource());
  const RequestRecord record = testing::streamed_chat();
  SpanSet set;
  build_spans(record, break_down(record), Content{}, {}, set);
  const SteadyNs start = now_steady();
  for (int i = 0; i < 1'000; ++i) out.emit(set);
  // 5,000 spans in batches of 10 would take 150 s if anybody waited for this collector.
  EXPECT_LT(now_steady() - start, 30'000 * testing::kMs);
  const SteadyNs stop = now_steady();
  out.shutdown(100);
  // The bound, its grace, and the slowness of a busy machine; ten batches are 3 s.
  EXPECT_LT(now_steady() - stop, 2'500 * testing::kMs);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));  // a worker left behind may still end a batch
  const auto lost =
      loss_count(Loss::spans_export_dropped) - dropped + loss_count(Loss::spans_export_failed) - failed;
  EXPECT_GE(loss_count(Loss::spans_export_dropped) - dropped, 4'000U);
  EXPECT_EQ(lost + behaviour->taken, 5'000U);
}

}  // namespace
}  // namespace llt::telemetry
