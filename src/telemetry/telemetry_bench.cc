// What one request costs the telemetry thread. Run: build/release/src/telemetry/telemetry_bench

#include <benchmark/benchmark.h>

#include "telemetry/gauges.h"
#include "telemetry/metrics.h"
#include "telemetry/prometheus.h"
#include "telemetry/resource.h"
#include "telemetry/rows.h"
#include "telemetry/sampler.h"
#include "telemetry/sanitize.h"
#include "telemetry/span_export.h"
#include "telemetry/span_model.h"
#include "telemetry/test_records.h"

namespace llt::telemetry {
namespace {

/// Takes rows and lets them go: the store's own cost is the store's benchmark.
class NoStore final : public store::Store {
 public:
  void append_any(store::AnyRow row) noexcept override { benchmark::DoNotOptimize(row); }
  bool append_all(std::vector<store::SpanRow>&& rows) noexcept override {
    benchmark::DoNotOptimize(rows);
    return true;
  }
  [[nodiscard]] store::Health health() const override { return {}; }
  bool flush(int) override { return true; }
  void close() override {}
  [[nodiscard]] Result<store::QueryInfo> query(std::string_view, store::Format, const store::QueryLimits&,
                                               const store::Sink&) override {
    return fail(ErrorCode::unavailable, "no store");
  }
};

/// A collector that takes everything at once.
class NoExporter final : public opentelemetry::sdk::trace::SpanExporter {
 public:
  explicit NoExporter(SpanExporterPtr recordables) : recordables_(std::move(recordables)) {}
  std::unique_ptr<opentelemetry::sdk::trace::Recordable> MakeRecordable() noexcept override {
    return recordables_->MakeRecordable();
  }
  opentelemetry::sdk::common::ExportResult Export(
      const opentelemetry::nostd::span<std::unique_ptr<opentelemetry::sdk::trace::Recordable>>&) noexcept
      override {
    return opentelemetry::sdk::common::ExportResult::kSuccess;
  }
  bool ForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool Shutdown(std::chrono::microseconds) noexcept override { return true; }

 private:
  SpanExporterPtr recordables_;
};

struct Bench {
  NoStore store;
  LiveCounts live;
  Gauges gauges{live, store, nullptr};
  PrometheusPage page;
  Metrics metrics{NameSets{}, "1", gauges};
  std::shared_ptr<CurrentResource> resource =
      std::make_shared<CurrentResource>(Options{"1", "bench", false, 16}, process_environment());

  Bench() { metrics.add_reader(page.reader()); }

  /// The work of the telemetry thread for one request, without the queue.
  void process(RequestRecord record, SpanExport* span_export) {
    sanitize(record);
    const PhaseBreakdown phases = break_down(record);
    gauges.count_tokens(record);
    metrics.record(record, phases);
    Content content = structure_content(record);
    if (span_export != nullptr) {
      SpanSet set;
      build_spans(record, phases, content, NameSets{}, set);
      span_export->emit(set);
    }
    store.append(to_row(std::move(record), phases, std::move(content)));
  }
};

void BM_PlainAnswer(benchmark::State& state) {
  Bench bench;
  RequestRecord record = testing::plain_chat();
  for (auto _ : state) bench.process(record, nullptr);
}
BENCHMARK(BM_PlainAnswer)->Unit(benchmark::kMicrosecond);

void BM_Stream(benchmark::State& state) {
  Bench bench;
  RequestRecord record = testing::streamed_chat();
  record.chunk_gaps_us.assign(static_cast<std::size_t>(state.range(0)), 10'000);
  for (auto _ : state) bench.process(record, nullptr);
}
BENCHMARK(BM_Stream)->Arg(16)->Arg(128)->Arg(1024)->Unit(benchmark::kMicrosecond);

void BM_PlainAnswerWithOtlp(benchmark::State& state) {
  Bench bench;
  ExportConfig config;
  config.span_queue = 1 << 20;
  config.traces.kind = ExporterKind::otlp_http;
  config.traces.endpoint = "http://127.0.0.1:9/v1/traces";
  SpanExport span_export(std::make_unique<NoExporter>(make_span_exporter(config.traces)), config, "1",
                         bench.resource);
  RequestRecord record = testing::plain_chat();
  for (auto _ : state) bench.process(record, &span_export);
}
BENCHMARK(BM_PlainAnswerWithOtlp)->Unit(benchmark::kMicrosecond);

void BM_Sample(benchmark::State& state) {
  const Sampler sampler = Sampler::from_environment(fixed_environment(
      {{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", "0.5"}}));
  const TraceId id = random_trace_id();
  for (auto _ : state) benchmark::DoNotOptimize(sampler.decide(id, std::nullopt));
}
BENCHMARK(BM_Sample);

void BM_PrometheusPage(benchmark::State& state) {
  Bench bench;
  RequestRecord record = testing::streamed_chat();
  bench.process(record, nullptr);
  for (auto _ : state) benchmark::DoNotOptimize(bench.page.text({}));
}
BENCHMARK(BM_PrometheusPage)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace llt::telemetry

BENCHMARK_MAIN();
