#include "telemetry/span_export.h"

#include <opentelemetry/common/key_value_iterable.h>
#include <opentelemetry/sdk/resource/resource.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/id_generator.h>
#include <opentelemetry/sdk/trace/samplers/always_on_factory.h>
#include <opentelemetry/sdk/trace/tracer_provider.h>
#include <opentelemetry/sdk/trace/tracer_provider_factory.h>
#include <opentelemetry/trace/span_context_kv_iterable_view.h>
#include <opentelemetry/trace/tracer.h>

#include "telemetry/guarded_exporters.h"

namespace llt::telemetry {
namespace {

namespace api = opentelemetry::trace;
namespace sdk = opentelemetry::sdk::trace;
namespace nostd = opentelemetry::nostd;

nostd::string_view view(std::string_view text) { return {text.data(), text.size()}; }

api::TraceId to_sdk(const TraceId& id) { return api::TraceId(nostd::span<const std::uint8_t, 16>(id.bytes)); }
api::SpanId to_sdk(const SpanId& id) { return api::SpanId(nostd::span<const std::uint8_t, 8>(id.bytes)); }

/// Hands out the ids that were chosen when the request came in: the client span's id has long gone upstream.
class GivenIds final : public sdk::IdGenerator {
 public:
  GivenIds() : IdGenerator(false) {}
  void set(const TraceId& trace, const SpanId& span) noexcept {
    trace_ = to_sdk(trace);
    span_ = to_sdk(span);
  }
  api::SpanId GenerateSpanId() noexcept override { return span_; }
  api::TraceId GenerateTraceId() noexcept override { return trace_; }

 private:
  api::TraceId trace_;
  api::SpanId span_;
};

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

class DraftAttributes final : public opentelemetry::common::KeyValueIterable {
 public:
  explicit DraftAttributes(const std::vector<Attribute>& items) : items_(items) {}
  bool ForEachKeyValue(nostd::function_ref<bool(nostd::string_view, opentelemetry::common::AttributeValue)>
                           visit) const noexcept override {
    std::vector<nostd::string_view> list;
    for (const Attribute& item : items_) {
      if (!visit(item.key, std::visit(ToSdkValue{list}, item.value))) return false;
    }
    return true;
  }
  [[nodiscard]] std::size_t size() const noexcept override { return items_.size(); }

 private:
  const std::vector<Attribute>& items_;
};

api::SpanKind to_sdk(SpanKind kind) {
  switch (kind) {
    case SpanKind::internal:
      return api::SpanKind::kInternal;
    case SpanKind::server:
      return api::SpanKind::kServer;
    case SpanKind::client:
      return api::SpanKind::kClient;
  }
  return api::SpanKind::kInternal;
}

opentelemetry::common::SteadyTimestamp steady(SteadyNs at) {
  return opentelemetry::common::SteadyTimestamp(std::chrono::nanoseconds(at));
}

}  // namespace

struct SpanExport::Impl {
  std::shared_ptr<ExportGate> gate;
  std::shared_ptr<sdk::TracerProvider> provider;
  nostd::shared_ptr<api::Tracer> tracer;
  GivenIds* ids = nullptr;  ///< owned by the provider

  void emit(const SpanSet& set, const SpanDraft& draft,
            const nostd::shared_ptr<api::TraceState>& state) const {
    api::StartSpanOptions start;
    start.kind = to_sdk(draft.kind);
    start.start_steady_time = steady(draft.start);
    start.start_system_time =
        opentelemetry::common::SystemTimestamp(std::chrono::nanoseconds(set.anchor.to_unix(draft.start)));
    if (draft.parent) {
      const bool remote = draft.kind == SpanKind::server;
      start.parent = api::SpanContext(to_sdk(set.trace_id), to_sdk(*draft.parent),
                                      api::TraceFlags(api::TraceFlags::kIsSampled), remote, state);
    }
    ids->set(set.trace_id, draft.id);
    const auto span = tracer->StartSpan(view(draft.name), DraftAttributes(draft.attributes.items()),
                                        api::NullSpanContext(), start);
    if (draft.status == SpanStatus::error)
      span->SetStatus(api::StatusCode::kError, view(draft.status_message));
    api::EndSpanOptions end;
    end.end_steady_time = steady(draft.end);
    span->End(end);
  }
};

SpanExport::SpanExport(SpanExporterPtr exporter, const ExportConfig& config, const std::string& version,
                       const std::shared_ptr<const CurrentResource>& resource)
    : impl_(std::make_unique<Impl>()) {
  impl_->gate = std::make_shared<ExportGate>("traces", config.traces.endpoint);
  sdk::BatchSpanProcessorOptions options;
  // The bound is ours, so that what is dropped is counted; the SDK's own queue must not be the narrower one.
  options.max_queue_size = config.span_queue + config.span_batch;
  options.max_export_batch_size = config.span_batch;
  options.schedule_delay_millis = std::chrono::milliseconds(config.span_delay_ms);
  auto batches =
      sdk::BatchSpanProcessorFactory::Create(guard(std::move(exporter), resource, impl_->gate), options);
  auto ids = std::make_unique<GivenIds>();
  impl_->ids = ids.get();
  impl_->provider = sdk::TracerProviderFactory::Create(
      bound(std::move(batches), static_cast<std::int64_t>(config.span_queue), impl_->gate), *resource->get(),
      sdk::AlwaysOnSamplerFactory::Create(), std::move(ids));
  impl_->tracer = impl_->provider->GetTracer(kScopeName, version);
}

SpanExport::~SpanExport() { shutdown(0); }

void SpanExport::emit(const SpanSet& set) {
  if (!set.sampled || impl_->tracer == nullptr) return;
  const auto state = set.trace_state.empty() ? api::TraceState::GetDefault()
                                             : api::TraceState::FromHeader(view(set.trace_state));
  for (const SpanDraft& draft : set.spans) impl_->emit(set, draft, state);
}

void SpanExport::shutdown(int timeout_ms) {
  if (impl_->provider == nullptr) return;
  impl_->tracer = nostd::shared_ptr<api::Tracer>();
  // The worker owns the provider, so it can be left behind.
  stop_within(timeout_ms, impl_->gate, [provider = std::move(impl_->provider)] { provider->Shutdown(); });
  impl_->provider = nullptr;
}

}  // namespace llt::telemetry
