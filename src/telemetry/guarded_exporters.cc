#include "telemetry/guarded_exporters.h"

#include <opentelemetry/sdk/metrics/export/metric_producer.h>
#include <opentelemetry/sdk/trace/recordable.h>

#include <future>
#include <thread>

#include "base/log.h"
#include "base/losses.h"
#include "telemetry/sdk_log.h"

namespace llt::telemetry {
namespace {

namespace trace = opentelemetry::sdk::trace;
namespace metrics = opentelemetry::sdk::metrics;
using opentelemetry::sdk::common::ExportResult;
using std::chrono::microseconds;

// An export that is under way when time is out gets this long to end by itself.
constexpr std::chrono::milliseconds kGrace{250};

/// An export's own result, or failure when the SDK logged an error meanwhile.
template <class Export>
ExportResult watched(Export&& run) {
  const std::uint64_t errors = sdk_errors_on_this_thread();
  const ExportResult result = run();
  return sdk_errors_on_this_thread() == errors ? result : ExportResult::kFailure;
}

class GuardedSpanExporter final : public trace::SpanExporter {
 public:
  GuardedSpanExporter(SpanExporterPtr inner, std::shared_ptr<const CurrentResource> resource,
                      std::shared_ptr<ExportGate> gate)
      : inner_(std::move(inner)), resource_(std::move(resource)), gate_(std::move(gate)) {}

  std::unique_ptr<trace::Recordable> MakeRecordable() noexcept override { return inner_->MakeRecordable(); }

  ExportResult Export(
      const opentelemetry::nostd::span<std::unique_ptr<trace::Recordable>>& spans) noexcept override {
    const auto count = static_cast<std::uint64_t>(spans.size());
    // Kept until the next export: recordables of some exporters outlive the call.
    current_ = resource_->get();
    ExportResult result = ExportResult::kFailure;
    if (!gate_->given_up.load(std::memory_order_relaxed)) {
      for (const auto& span : spans) span->SetResource(*current_);
      result = watched([&] { return inner_->Export(spans); });
    }
    gate_->in_flight.fetch_sub(static_cast<std::int64_t>(count), std::memory_order_relaxed);
    if (result == ExportResult::kSuccess) {
      gate_->health.succeeded();
    } else {
      count_loss(Loss::spans_export_failed, count);
      gate_->health.failed(count);
    }
    return result;
  }
  bool ForceFlush(microseconds timeout) noexcept override { return inner_->ForceFlush(timeout); }
  bool Shutdown(microseconds timeout) noexcept override { return inner_->Shutdown(timeout); }

 private:
  SpanExporterPtr inner_;
  std::shared_ptr<const CurrentResource> resource_;
  std::shared_ptr<const opentelemetry::sdk::resource::Resource> current_;
  std::shared_ptr<ExportGate> gate_;
};

class GuardedMetricExporter final : public metrics::PushMetricExporter {
 public:
  GuardedMetricExporter(MetricExporterPtr inner, std::shared_ptr<const CurrentResource> resource,
                        std::shared_ptr<ExportGate> gate)
      : inner_(std::move(inner)), resource_(std::move(resource)), gate_(std::move(gate)) {}

  ExportResult Export(const metrics::ResourceMetrics& data) noexcept override {
    if (gate_->given_up.load(std::memory_order_relaxed)) return failed();
    const auto current = resource_->get();
    metrics::ResourceMetrics copy = data;
    copy.resource_ = current.get();
    if (watched([&] { return inner_->Export(copy); }) != ExportResult::kSuccess) return failed();
    gate_->health.succeeded();
    return ExportResult::kSuccess;
  }
  metrics::AggregationTemporality GetAggregationTemporality(
      metrics::InstrumentType type) const noexcept override {
    return inner_->GetAggregationTemporality(type);
  }
  bool ForceFlush(microseconds timeout) noexcept override { return inner_->ForceFlush(timeout); }
  bool Shutdown(microseconds timeout) noexcept override { return inner_->Shutdown(timeout); }

 private:
  ExportResult failed() noexcept {
    count_loss(Loss::metrics_export_failed);
    gate_->health.failed(1);
    return ExportResult::kFailure;
  }

  MetricExporterPtr inner_;
  std::shared_ptr<const CurrentResource> resource_;
  std::shared_ptr<ExportGate> gate_;
};

}  // namespace

SpanExporterPtr guard(SpanExporterPtr inner, std::shared_ptr<const CurrentResource> resource,
                      std::shared_ptr<ExportGate> gate) {
  return std::make_unique<GuardedSpanExporter>(std::move(inner), std::move(resource), std::move(gate));
}

MetricExporterPtr guard(MetricExporterPtr inner, std::shared_ptr<const CurrentResource> resource,
                        std::shared_ptr<ExportGate> gate) {
  return std::make_unique<GuardedMetricExporter>(std::move(inner), std::move(resource), std::move(gate));
}

bool stop_within(int timeout_ms, const std::shared_ptr<ExportGate>& gate, std::function<void()> stop) {
  std::promise<void> promise;
  std::future<void> done = promise.get_future();
  std::thread worker([stop = std::move(stop), promise = std::move(promise)]() mutable {
    stop();
    stop = nullptr;  // what it owns ends here too, before anybody is told
    promise.set_value();
  });
  const auto finished = [&](std::chrono::milliseconds wait) {
    return done.wait_for(wait) == std::future_status::ready;
  };
  if (!finished(std::chrono::milliseconds(timeout_ms))) {
    gate->given_up.store(true, std::memory_order_relaxed);
    if (!finished(kGrace)) {
      spdlog::warn("an export to a collector that does not answer was left behind");
      worker.detach();
      return false;
    }
  }
  worker.join();
  return true;
}

}  // namespace llt::telemetry
