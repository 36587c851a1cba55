#include "telemetry/span_export.h"

#include <opentelemetry/sdk/instrumentationscope/instrumentation_scope.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/processor.h>
#include <opentelemetry/sdk/trace/recordable.h>
#include <opentelemetry/trace/span_context.h>
#include <opentelemetry/trace/trace_state.h>

#include "base/losses.h"
#include "telemetry/guarded_exporters.h"

namespace llt::telemetry {
namespace {

namespace trace_api = opentelemetry::trace;
namespace trace_sdk = opentelemetry::sdk::trace;
namespace scope = opentelemetry::sdk::instrumentationscope;
namespace nostd = opentelemetry::nostd;

nostd::string_view view(std::string_view text) { return {text.data(), text.size()}; }

trace_api::TraceId to_sdk(const TraceId& id) {
  return trace_api::TraceId(nostd::span<const std::uint8_t, 16>(id.bytes));
}
trace_api::SpanId to_sdk(const SpanId& id) {
  return trace_api::SpanId(nostd::span<const std::uint8_t, 8>(id.bytes));
}

/// The list that an attribute points to lives until the SDK has copied it.
struct ToSdkValue {
  std::vector<nostd::string_view>& list;

  opentelemetry::common::AttributeValue operator()(bool value) const { return value; }
  opentelemetry::common::AttributeValue operator()(std::int64_t value) const { return value; }
  opentelemetry::common::AttributeValue operator()(double value) const { return value; }
  opentelemetry::common::AttributeValue operator()(std::string_view value) const { return view(value); }
  opentelemetry::common::AttributeValue operator()(std::span<const std::string> values) const {
    list.clear();
    for (const std::string& value : values) list.push_back(view(value));
    return nostd::span<const nostd::string_view>(list.data(), list.size());
  }
};

trace_api::SpanKind to_sdk(SpanKind kind) {
  switch (kind) {
    case SpanKind::internal:
      return trace_api::SpanKind::kInternal;
    case SpanKind::server:
      return trace_api::SpanKind::kServer;
    case SpanKind::client:
      return trace_api::SpanKind::kClient;
  }
  return trace_api::SpanKind::kInternal;
}

}  // namespace

// The spans are over when they come here, and have their ids: the client span's id has long gone upstream. So
// they enter the SDK where its tracer would hand over spans that ended, without a tracer that makes ids and
// takes times.
struct SpanExport::Impl {
  std::shared_ptr<ExportGate> gate;
  std::int64_t capacity = 0;
  /// Spans that wait in the processor refer to the scope.
  struct Pipeline {
    std::unique_ptr<scope::InstrumentationScope> scope;
    std::unique_ptr<trace_sdk::SpanProcessor> processor;
  };
  std::unique_ptr<Pipeline> pipeline;
  std::vector<nostd::string_view> list;  ///< scratch space of attributes

  /// Counts what does not fit, instead of the SDK, which would drop it silently.
  [[nodiscard]] bool has_room() const {
    if (gate->in_flight.load(std::memory_order_relaxed) < capacity) return true;
    count_loss(Loss::spans_export_dropped);
    gate->health.failed(1, "the collector does not keep up");
    return false;
  }

  void emit(const SpanSet& set, const SpanDraft& draft,
            const nostd::shared_ptr<trace_api::TraceState>& state) {
    if (!has_room()) return;
    auto span = pipeline->processor->MakeRecordable();
    const trace_api::TraceFlags sampled(trace_api::TraceFlags::kIsSampled);
    span->SetName(view(draft.name));
    span->SetInstrumentationScope(*pipeline->scope);
    span->SetIdentity(trace_api::SpanContext(to_sdk(set.trace_id), to_sdk(draft.id), sampled, false, state),
                      draft.parent ? to_sdk(*draft.parent) : trace_api::SpanId());
    span->SetTraceFlags(sampled);
    for (const Attribute& item : draft.attributes.items())
      span->SetAttribute(item.key, std::visit(ToSdkValue{list}, item.value));
    span->SetSpanKind(to_sdk(draft.kind));
    span->SetStartTime(
        opentelemetry::common::SystemTimestamp(std::chrono::nanoseconds(set.anchor.to_unix(draft.start))));
    span->SetDuration(std::chrono::nanoseconds(draft.end - draft.start));
    if (draft.status == SpanStatus::error)
      span->SetStatus(trace_api::StatusCode::kError, view(draft.status_message));
    gate->in_flight.fetch_add(1, std::memory_order_relaxed);
    pipeline->processor->OnEnd(std::move(span));
  }
};

SpanExport::SpanExport(SpanExporterPtr exporter, const ExportConfig& config, const std::string& version,
                       const std::shared_ptr<const CurrentResource>& resource)
    : impl_(std::make_unique<Impl>()) {
  impl_->gate = std::make_shared<ExportGate>("traces", config.traces.endpoint);
  trace_sdk::BatchSpanProcessorOptions options;
  // The bound is ours, so that what is dropped is counted; the SDK's own queue must not be the narrower one.
  options.max_queue_size = config.span_queue + config.span_batch;
  options.max_export_batch_size = config.span_batch;
  options.schedule_delay_millis = std::chrono::milliseconds(config.span_delay_ms);
  impl_->capacity = static_cast<std::int64_t>(config.span_queue);
  impl_->pipeline = std::make_unique<Impl::Pipeline>();
  impl_->pipeline->scope.reset(scope::InstrumentationScope::Create(kScopeName, version).release());
  impl_->pipeline->processor = trace_sdk::BatchSpanProcessorFactory::Create(
      guard(std::move(exporter), resource, impl_->gate), options);
}

SpanExport::~SpanExport() { shutdown(0); }

void SpanExport::emit(const SpanSet& set) {
  if (!set.sampled || impl_->pipeline == nullptr) return;
  const auto state = set.trace_state.empty() ? trace_api::TraceState::GetDefault()
                                             : trace_api::TraceState::FromHeader(view(set.trace_state));
  for (const SpanDraft& draft : set.spans) impl_->emit(set, draft, state);
}

void SpanExport::shutdown(int timeout_ms) {
  if (impl_->pipeline == nullptr) return;
  // The worker owns the pipeline, so it can be left behind.
  const std::shared_ptr<Impl::Pipeline> pipeline = std::move(impl_->pipeline);
  stop_within(timeout_ms, impl_->gate, [pipeline] { pipeline->processor->Shutdown(); });
}

}  // namespace llt::telemetry
