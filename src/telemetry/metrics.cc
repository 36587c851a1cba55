#include "telemetry/metrics.h"

#include <opentelemetry/context/context.h>
#include <opentelemetry/metrics/sync_instruments.h>
#include <opentelemetry/sdk/metrics/meter_provider.h>
#include <opentelemetry/sdk/metrics/view/instrument_selector_factory.h>
#include <opentelemetry/sdk/metrics/view/meter_selector_factory.h>
#include <opentelemetry/sdk/metrics/view/view_factory.h>

#include "telemetry/bounded_names.h"
#include "telemetry/guarded_exporters.h"
#include "telemetry/metric_labels.h"
#include "telemetry/observables.h"
#include "telemetry/span_model.h"

namespace llt::telemetry {
namespace {

namespace api = opentelemetry::metrics;
namespace sdk = opentelemetry::sdk::metrics;
namespace metric = names::metric;
namespace attr = names::attr;
using opentelemetry::context::Context;

using Histogram = opentelemetry::nostd::unique_ptr<api::Histogram<double>>;
using CountHistogram = opentelemetry::nostd::unique_ptr<api::Histogram<std::uint64_t>>;
using Counter = opentelemetry::nostd::unique_ptr<api::Counter<std::uint64_t>>;

double seconds(std::int64_t ns) { return static_cast<double>(ns) * 1e-9; }

void add_bucket_view(sdk::MeterProvider& provider, const names::MetricInfo& info) {
  auto config = std::make_shared<sdk::HistogramAggregationConfig>();
  config->boundaries_.assign(info.buckets.begin(), info.buckets.end());
  provider.AddView(
      sdk::InstrumentSelectorFactory::Create(sdk::InstrumentType::kHistogram, info.name, info.unit),
      sdk::MeterSelectorFactory::Create(kScopeName, "", ""),
      sdk::ViewFactory::Create(info.name, info.description, info.unit, sdk::AggregationType::kHistogram,
                               config));
}

}  // namespace

struct Metrics::Impl {
  Impl(NameSets sets, const std::string& version, Gauges& gauges) : names(sets) {
    for (const names::MetricInfo* info : names::kMetrics) {
      if (info->instrument == names::Instrument::histogram) add_bucket_view(*provider, *info);
    }
    meter = provider->GetMeter(kScopeName, version);
    make_instruments();
    observables.emplace(*meter, gauges);
  }

  Histogram histogram(const names::MetricInfo& info) {
    if (!names.include(info.set)) return Histogram{};
    return meter->CreateDoubleHistogram(info.name, info.description, info.unit);
  }
  CountHistogram count_histogram(const names::MetricInfo& info) {
    if (!names.include(info.set)) return CountHistogram{};
    return meter->CreateUInt64Histogram(info.name, info.description, info.unit);
  }
  Counter counter(const names::MetricInfo& info) {
    if (!names.include(info.set)) return Counter{};
    return meter->CreateUInt64Counter(info.name, info.description, info.unit);
  }
  void make_instruments();

  [[nodiscard]] MetricLabels shared_labels(const RequestRecord& record, bool success);
  void record_http(const RequestRecord& record, const PhaseBreakdown& phases);
  void record_server(const RequestRecord& record, const PhaseBreakdown& phases, const MetricLabels& plain,
                     const MetricLabels& with_error) const;
  void record_client(const RequestRecord& record, const PhaseBreakdown& phases, const MetricLabels& plain,
                     const MetricLabels& with_error) const;
  void record_chunks(const RequestRecord& record, const MetricLabels& plain) const;
  void record_tokens(const RequestRecord& record, const MetricLabels& plain,
                     const MetricLabels& with_error) const;
  void record_modal_tokens(const RequestRecord& record, const MetricLabels& plain) const;
  void record_own(const RequestRecord& record, const PhaseBreakdown& phases, const MetricLabels& plain) const;

  NameSets names;
  BoundedNames models{kMaxModelNames};
  Context context;
  std::shared_ptr<sdk::MeterProvider> provider = std::make_shared<sdk::MeterProvider>();
  opentelemetry::nostd::shared_ptr<api::Meter> meter;
  std::optional<Observables> observables;

  Histogram http_duration, server_duration, server_ttft, server_tpot;
  Histogram operation_duration, operation_first_chunk, operation_chunk;
  Histogram inference_duration, inference_first_chunk, inference_chunk, embeddings_duration;
  CountHistogram token_usage, inference_input, inference_output, embeddings_input;
  Counter used_input, used_output, used_cache_read, used_reasoning;
  Histogram queue_time, prefill_time, decode_time, prefill_rate, decode_rate, cache_ratio, overhead;
};

void Metrics::Impl::make_instruments() {
  http_duration = histogram(metric::kHttpServerRequestDuration);
  server_duration = histogram(metric::kGenAiServerRequestDuration);
  server_ttft = histogram(metric::kGenAiServerTimeToFirstToken);
  server_tpot = histogram(metric::kGenAiServerTimePerOutputToken);
  token_usage = count_histogram(metric::kGenAiClientTokenUsage);
  operation_first_chunk = histogram(metric::kGenAiClientOperationTimeToFirstChunk);
  operation_chunk = histogram(metric::kGenAiClientOperationTimePerOutputChunk);
  // In the successor conventions this one stays for what is neither inference nor embedding.
  operation_duration = meter->CreateDoubleHistogram(metric::kGenAiClientOperationDuration.name,
                                                    metric::kGenAiClientOperationDuration.description,
                                                    metric::kGenAiClientOperationDuration.unit);
  inference_duration = histogram(metric::kGenAiClientInferenceDuration);
  inference_first_chunk = histogram(metric::kGenAiClientInferenceTimeToFirstChunk);
  inference_chunk = histogram(metric::kGenAiClientInferenceTimePerOutputChunk);
  inference_input = count_histogram(metric::kGenAiClientInferenceOperationInputTokens);
  inference_output = count_histogram(metric::kGenAiClientInferenceOperationOutputTokens);
  embeddings_duration = histogram(metric::kGenAiClientEmbeddingsDuration);
  embeddings_input = count_histogram(metric::kGenAiClientEmbeddingsOperationInputTokens);
  used_input = counter(metric::kGenAiClientInferenceUsageInputTokens);
  used_output = counter(metric::kGenAiClientInferenceUsageOutputTokens);
  used_cache_read = counter(metric::kGenAiClientInferenceUsageCacheReadInputTokens);
  used_reasoning = counter(metric::kGenAiClientInferenceUsageReasoningOutputTokens);
  queue_time = histogram(metric::kLlamatelemetryRequestQueueTime);
  prefill_time = histogram(metric::kLlamatelemetryRequestPrefillTime);
  decode_time = histogram(metric::kLlamatelemetryRequestDecodeTime);
  prefill_rate = histogram(metric::kLlamatelemetryRequestPrefillThroughput);
  decode_rate = histogram(metric::kLlamatelemetryRequestDecodeThroughput);
  cache_ratio = histogram(metric::kLlamatelemetryRequestCacheHitRatio);
  overhead = histogram(metric::kLlamatelemetryGatewayOverhead);
}

MetricLabels Metrics::Impl::shared_labels(const RequestRecord& record, bool success) {
  MetricLabels labels;
  labels.add(attr::kGenAiOperationName, operation_name(record.operation));
  labels.add(attr::kGenAiProviderName, record.provider);
  labels.add(attr::kGenAiRequestModel, models.fold(record.request.model, success));
  labels.add(attr::kGenAiResponseModel, models.fold(record.response.model, success));
  labels.add(attr::kServerAddress, record.server_address);
  if (record.server_port != 0) labels.add(attr::kServerPort, std::int64_t{record.server_port});
  return labels;
}

void Metrics::Impl::record_http(const RequestRecord& record, const PhaseBreakdown& phases) {
  MetricLabels labels;
  labels.add(attr::kHttpRequestMethod, bounded_method(record.method));
  labels.add(attr::kUrlScheme, "http");
  if (record.route != kOtherRoute) labels.add(attr::kHttpRoute, record.route);
  if (record.http_status != 0) labels.add(attr::kHttpResponseStatusCode, std::int64_t{record.http_status});
  std::string buffer;
  if (failed(record)) labels.add(attr::kErrorType, error_type(record, buffer));
  http_duration->Record(seconds(phases.total), labels, context);
  MetricLabels route;
  if (record.route != kOtherRoute) route.add(attr::kHttpRoute, record.route);
  overhead->Record(seconds(phases.gateway), route, context);
}

void Metrics::Impl::record_server(const RequestRecord& record, const PhaseBreakdown& phases,
                                  const MetricLabels& plain, const MetricLabels& with_error) const {
  server_duration->Record(seconds(phases.upstream), with_error, context);
  if (failed(record) || !phases.server_ttft) return;
  server_ttft->Record(seconds(*phases.server_ttft), plain, context);
  const std::int64_t tokens = record.response.output_tokens.value_or(0);
  if (tokens < 2) return;
  server_tpot->Record(seconds(phases.upstream - *phases.server_ttft) / static_cast<double>(tokens - 1), plain,
                      context);
}

void Metrics::Impl::record_client(const RequestRecord& record, const PhaseBreakdown& phases,
                                  const MetricLabels& plain, const MetricLabels& with_error) const {
  const Interval operation = locate(record, phases).operation;
  const double duration = seconds(operation.end - operation.start);
  const bool embeddings = record.operation == Operation::embeddings;
  const bool inference = !embeddings && record.operation != Operation::rerank;
  if (inference && inference_duration) inference_duration->Record(duration, with_error, context);
  if (embeddings && embeddings_duration) embeddings_duration->Record(duration, with_error, context);
  if (names.rel || (!inference && !embeddings)) operation_duration->Record(duration, with_error, context);

  if (!record.request.stream || record.first_content == 0) return;
  const double first_chunk = seconds(record.first_content - operation.start);
  if (operation_first_chunk) operation_first_chunk->Record(first_chunk, plain, context);
  if (inference && inference_first_chunk) inference_first_chunk->Record(first_chunk, plain, context);
  record_chunks(record, plain);
}

void Metrics::Impl::record_chunks(const RequestRecord& record, const MetricLabels& plain) const {
  for (const std::uint32_t gap_us : record.chunk_gaps_us) {
    const double gap = static_cast<double>(gap_us) * 1e-6;
    if (operation_chunk) operation_chunk->Record(gap, plain, context);
    if (inference_chunk) inference_chunk->Record(gap, plain, context);
  }
}

void Metrics::Impl::record_tokens(const RequestRecord& record, const MetricLabels& plain,
                                  const MetricLabels& with_error) const {
  const auto use = [&](const std::optional<std::int64_t>& tokens, const char* direction,
                       const CountHistogram& successor) {
    if (!tokens || *tokens < 0) return;
    const auto count = static_cast<std::uint64_t>(*tokens);
    if (successor) successor->Record(count, with_error, context);
    if (!token_usage) return;
    MetricLabels labels = plain;
    labels.add(attr::kGenAiTokenType, direction);
    token_usage->Record(count, labels, context);
  };
  const bool embeddings = record.operation == Operation::embeddings;
  use(record.response.input_tokens, "input", embeddings ? embeddings_input : inference_input);
  if (!embeddings) use(record.response.output_tokens, "output", inference_output);
  if (!embeddings && record.operation != Operation::rerank) record_modal_tokens(record, plain);
}

void Metrics::Impl::record_modal_tokens(const RequestRecord& record, const MetricLabels& plain) const {
  if (!used_input) return;
  const auto add = [&](const Counter& counter, const std::optional<std::int64_t>& tokens,
                       const char* modality) {
    if (!tokens || *tokens < 0) return;
    MetricLabels labels = plain;
    labels.add(attr::kGenAiTokenModality, modality);
    counter->Add(static_cast<std::uint64_t>(*tokens), labels, context);
  };
  // A chat prompt may hold images, and the engine does not say which tokens are theirs.
  const char* prompt = record.operation == Operation::chat ? "unknown" : "text";
  add(used_input, record.response.input_tokens, prompt);
  add(used_output, record.response.output_tokens, "text");
  add(used_cache_read, record.response.cached_tokens, prompt);
  add(used_reasoning, record.response.reasoning_tokens, "text");
}

void Metrics::Impl::record_own(const RequestRecord& record, const PhaseBreakdown& phases,
                               const MetricLabels& plain) const {
  if (phases.queue) queue_time->Record(seconds(*phases.queue), plain, context);
  if (phases.prefill) prefill_time->Record(seconds(*phases.prefill), plain, context);
  if (phases.decode) decode_time->Record(seconds(*phases.decode), plain, context);
  const ResponseFacts& response = record.response;
  if (const auto& timings = response.timings) {
    const auto rate = [](std::int64_t tokens, double ms) { return static_cast<double>(tokens) * 1e3 / ms; };
    if (timings->prompt_n > 0 && timings->prompt_ms > 0) {
      prefill_rate->Record(rate(timings->prompt_n, timings->prompt_ms), plain, context);
    }
    if (timings->predicted_n > 0 && timings->predicted_ms > 0) {
      decode_rate->Record(rate(timings->predicted_n, timings->predicted_ms), plain, context);
    }
  } else if (phases.decode && *phases.decode > 0 && response.output_tokens.value_or(0) > 1) {
    // The first token ends the prefill.
    decode_rate->Record(static_cast<double>(*response.output_tokens - 1) / seconds(*phases.decode), plain,
                        context);
  }
  if (response.cached_tokens && response.input_tokens.value_or(0) > 0) {
    cache_ratio->Record(
        static_cast<double>(*response.cached_tokens) / static_cast<double>(*response.input_tokens), plain,
        context);
  }
}

Metrics::Metrics(NameSets names, const std::string& version, Gauges& gauges)
    : impl_(std::make_unique<Impl>(names, version, gauges)) {}
Metrics::~Metrics() = default;

void Metrics::add_reader(std::shared_ptr<sdk::MetricReader> reader) {
  impl_->provider->AddMetricReader(std::move(reader));
}

void Metrics::admit_model(const std::string& name) { impl_->models.admit(name); }

void Metrics::record(const RequestRecord& record, const PhaseBreakdown& phases) {
  impl_->record_http(record, phases);
  if (record.operation == Operation::none || record.upstream.empty()) return;
  const bool success = !failed(record);
  const MetricLabels plain = impl_->shared_labels(record, success);
  MetricLabels with_error = plain;
  std::string buffer;
  if (!success) with_error.add(attr::kErrorType, error_type(record, buffer));
  impl_->record_server(record, phases, plain, with_error);
  impl_->record_client(record, phases, plain, with_error);
  impl_->record_tokens(record, plain, with_error);
  impl_->record_own(record, phases, plain);
}

void Metrics::shutdown(int timeout_ms, const std::shared_ptr<ExportGate>& gate) {
  // The worker owns the provider, so it can be left behind; the gauges it would read are let go first.
  const bool stopped = stop_within(timeout_ms, gate, [provider = impl_->provider, timeout_ms] {
    provider->ForceFlush(std::chrono::milliseconds(timeout_ms));
    provider->Shutdown();
  });
  if (!stopped) impl_->observables.reset();
}

}  // namespace llt::telemetry
