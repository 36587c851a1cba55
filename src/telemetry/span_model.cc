#include "telemetry/span_model.h"

#include <algorithm>
#include <array>

#include "telemetry/chunk_gaps.h"
#include "telemetry/content.h"

namespace llt::telemetry {
namespace {

namespace attr = names::attr;

std::int64_t to_int(std::uint64_t value) { return static_cast<std::int64_t>(value); }

bool is_known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 10> kKnown{"GET",     "HEAD",  "POST",    "PUT",   "DELETE",
                                                           "CONNECT", "TRACE", "OPTIONS", "PATCH", "QUERY"};
  return std::find(kKnown.begin(), kKnown.end(), method) != kKnown.end();
}

std::string server_span_name(const RequestRecord& record) {
  std::string name = is_known_method(record.method) ? record.method : "HTTP";
  if (record.route != kOtherRoute) name.append(" ").append(record.route);
  return name;
}

void add_phases(const RequestRecord& record, const PhaseBreakdown& phases, Attributes& out) {
  out.add(attr::kLlamatelemetryPhaseReceive, phases.receive);
  out.add(attr::kLlamatelemetryPhaseGateway, phases.gateway);
  if (record.upstream.empty()) return;
  out.add(attr::kLlamatelemetryPhaseConnect, phases.connect);
  out.add_known(attr::kLlamatelemetryPhaseQueue, phases.queue);
  out.add_known(attr::kLlamatelemetryPhasePrefill, phases.prefill);
  out.add_known(attr::kLlamatelemetryPhaseDecode, phases.decode);
  out.add(attr::kLlamatelemetryPhaseUnattributed, phases.unattributed);
  out.add(attr::kLlamatelemetryPhaseClient, phases.client);
  out.add(attr::kLlamatelemetryPhaseRule, std::string_view(to_string(phases.rule)));
}

/// HTTP conventions: a server's span is an error when the server failed, not when the client asked wrongly.
bool server_failed(const RequestRecord& record) {
  return record.http_status >= 500 || (record.http_status < 400 && !record.error_type.empty());
}

SpanDraft server_span(const RequestRecord& record, const PhaseBreakdown& phases, std::string_view error) {
  SpanDraft span;
  span.id = record.server_span;
  span.parent = record.parent_span;
  span.name = server_span_name(record);
  span.kind = SpanKind::server;
  span.start = record.first_byte;
  span.end = record.first_byte + phases.total;
  Attributes& out = span.attributes;
  out.reserve(24);
  const bool known_method = is_known_method(record.method);
  out.add(attr::kHttpRequestMethod, bounded_method(record.method));
  if (!known_method) out.add_known(attr::kHttpRequestMethodOriginal, record.method);
  out.add(attr::kUrlPath, record.path);
  out.add(attr::kUrlScheme, std::string_view("http"));
  if (record.route != kOtherRoute) out.add_known(attr::kHttpRoute, record.route);
  if (record.http_status != 0) out.add(attr::kHttpResponseStatusCode, std::int64_t{record.http_status});
  out.add_known(attr::kClientAddress, record.client_address);
  if (record.client_port != 0) out.add(attr::kClientPort, std::int64_t{record.client_port});
  out.add_known(attr::kUserAgentOriginal, record.user_agent);
  out.add(attr::kHttpRequestBodySize, to_int(record.request_body_bytes));
  out.add(attr::kHttpResponseBodySize, to_int(record.response_body_bytes));
  out.add_known(attr::kLlamatelemetryRequestId, record.request_id);
  out.add_known(attr::kLlamatelemetryUpstream, record.upstream);
  add_phases(record, phases, out);
  if (server_failed(record)) {
    span.status = SpanStatus::error;
    span.status_message = record.error_message;
  }
  if (failed(record)) out.add_known(attr::kErrorType, error);
  return span;
}

void add_request(const RequestRecord& record, NameSets names, Attributes& out) {
  const RequestParameters& request = record.request;
  out.add(attr::kGenAiOperationName, std::string_view(operation_name(record.operation)));
  out.add_known(attr::kGenAiProviderName, record.provider);
  out.add_known(attr::kGenAiRequestModel, request.model);
  out.add_known(attr::kServerAddress, record.server_address);
  if (record.server_port != 0) out.add(attr::kServerPort, std::int64_t{record.server_port});
  out.add_known(attr::kGenAiConversationId, request.conversation_id);
  out.add_known(attr::kGenAiOutputType, request.output_type);
  if (request.choice_count && *request.choice_count != 1) {
    out.add(attr::kGenAiRequestChoiceCount, *request.choice_count);
  }
  out.add_known(attr::kGenAiRequestSeed, request.seed);
  if (request.stream) out.add(attr::kGenAiRequestStream, true);
  if (request.top_k) {
    // A double in the released conventions, an int in what follows them.
    if (names.main) out.add(attr::kGenAiRequestTopK, *request.top_k);
    if (!names.main) out.add(attr::kGenAiRequestTopK, static_cast<double>(*request.top_k));
  }
  out.add_known(attr::kGenAiRequestMaxTokens, request.max_tokens);
  out.add_known(attr::kGenAiRequestTemperature, request.temperature);
  out.add_known(attr::kGenAiRequestTopP, request.top_p);
  out.add_known(attr::kGenAiRequestFrequencyPenalty, request.frequency_penalty);
  out.add_known(attr::kGenAiRequestPresencePenalty, request.presence_penalty);
  out.add_known(attr::kGenAiRequestStopSequences, request.stop_sequences);
  if (names.main) {
    out.add_known(attr::kGenAiRequestReasoningLevel, request.reasoning_level);
    out.add_known(attr::kGenAiRequestPreviousResponseId, request.previous_response_id);
  }
  if (record.operation == Operation::embeddings) {
    out.add_known(attr::kGenAiEmbeddingsDimensionCount, request.dimensions);
    out.add_known(attr::kGenAiRequestEncodingFormats, request.encoding_formats);
  }
  if (record.provider == "openai" && record.operation == Operation::chat) {
    const bool responses = record.route == "/v1/responses";
    out.add(attr::kOpenaiApiType, std::string_view(responses ? "responses" : "chat_completions"));
  }
  out.add_known(attr::kLlamatelemetryPromptHash, request.prompt_hash);
}

void add_finish_reasons(const RequestRecord& record, NameSets names, Attributes& out, SpanSet& set) {
  const std::vector<std::string>& reasons = record.response.finish_reasons;
  if (!reasons.empty()) {
    out.add(attr::kGenAiResponseFinishReasons, std::span<const std::string>(reasons));
    return;
  }
  const bool expected = record.operation == Operation::chat || record.operation == Operation::text_completion;
  if (!names.main || !expected || !failed(record)) return;
  set.texts.emplace_back("error");
  out.add(attr::kGenAiResponseFinishReasons, std::span<const std::string>(&set.texts.back(), 1));
}

void add_response(const RequestRecord& record, SteadyNs operation_start, NameSets names, Attributes& out,
                  SpanSet& set) {
  const ResponseFacts& response = record.response;
  out.add_known(attr::kGenAiResponseId, response.id);
  out.add_known(attr::kGenAiResponseModel, response.model);
  add_finish_reasons(record, names, out, set);
  if (record.request.stream && record.first_content != 0) {
    out.add(attr::kGenAiResponseTimeToFirstChunk,
            static_cast<double>(record.first_content - operation_start) * 1e-9);
  }
  out.add_known(attr::kGenAiUsageInputTokens, response.input_tokens);
  out.add_known(attr::kGenAiUsageOutputTokens, response.output_tokens);
  out.add_known(attr::kGenAiUsageCacheReadInputTokens, response.cached_tokens);
  out.add_known(attr::kGenAiUsageReasoningOutputTokens, response.reasoning_tokens);
  out.add_known(attr::kLlamatelemetrySlot, response.slot);
  if (response.timings) {
    out.add(attr::kLlamatelemetryEnginePrefillMs, response.timings->prompt_ms);
    out.add(attr::kLlamatelemetryEngineDecodeMs, response.timings->predicted_ms);
  }
}

void add_content(const Content& content, Attributes& out) {
  out.add_known(attr::kGenAiInputMessages, content.input_messages);
  out.add_known(attr::kGenAiOutputMessages, content.output_messages);
  out.add_known(attr::kGenAiSystemInstructions, content.system_instructions);
  out.add_known(attr::kGenAiToolDefinitions, content.tool_definitions);
}

SpanDraft client_span(const RequestRecord& record, const Content& content, Interval operation, NameSets names,
                      std::string_view error, SpanSet& set) {
  SpanDraft span;
  span.id = record.client_span;
  span.parent = record.server_span;
  span.name = operation_name(record.operation);
  if (!record.request.model.empty()) span.name.append(" ").append(record.request.model);
  span.kind = SpanKind::client;
  span.start = operation.start;
  span.end = operation.end;
  span.attributes.reserve(32);
  add_request(record, names, span.attributes);
  add_response(record, operation.start, names, span.attributes, set);
  add_content(content, span.attributes);
  if (failed(record)) {
    span.status = SpanStatus::error;
    span.status_message = record.error_message;
    span.attributes.add_known(attr::kErrorType, error);
  }
  return span;
}

void add_child(const RequestRecord& record, std::uint8_t number, const char* name, Interval at,
               Attributes attributes, SpanSet& out) {
  if (!at.known()) return;
  SpanDraft span;
  span.id = child_span_id(record.client_span, number);
  span.parent = record.client_span;
  span.name = name;
  span.start = at.start;
  span.end = at.end;
  span.attributes = std::move(attributes);
  out.spans.push_back(std::move(span));
}

Attributes prefill_attributes(const RequestRecord& record) {
  Attributes out;
  if (record.response.timings) {
    out.add(attr::kLlamatelemetryTokensProcessed, record.response.timings->prompt_n);
    out.add_known(attr::kLlamatelemetryTokensCached, record.response.timings->cache_n);
  } else {
    out.add_known(attr::kLlamatelemetryTokensCached, record.response.cached_tokens);
  }
  return out;
}

Attributes decode_attributes(const RequestRecord& record) {
  Attributes out;
  out.add_known(attr::kGenAiUsageOutputTokens, record.response.output_tokens);
  if (record.response.timings) {
    out.add_known(attr::kLlamatelemetryTokensDrafted, record.response.timings->draft_n);
    out.add_known(attr::kLlamatelemetryTokensAccepted, record.response.timings->draft_n_accepted);
  }
  if (!record.request.stream) return out;
  out.add(attr::kLlamatelemetryContentChunks, to_int(record.content_chunks));
  if (const auto gaps = summarize_gaps(record.chunk_gaps_us)) {
    out.add(attr::kLlamatelemetryChunkGapP50, static_cast<double>(gaps->p50_ns) * 1e-9);
    out.add(attr::kLlamatelemetryChunkGapP95, static_cast<double>(gaps->p95_ns) * 1e-9);
    out.add(attr::kLlamatelemetryChunkGapMax, static_cast<double>(gaps->max_ns) * 1e-9);
  }
  return out;
}

}  // namespace

std::string_view bounded_method(std::string_view method) noexcept {
  return is_known_method(method) ? method : "_OTHER";
}

const char* operation_name(Operation operation) noexcept {
  switch (operation) {
    case Operation::none:
      return nullptr;
    case Operation::chat:
      return "chat";
    case Operation::text_completion:
      return "text_completion";
    case Operation::embeddings:
      return "embeddings";
    case Operation::rerank:
      return "rerank";
    case Operation::infill:
      return "infill";
  }
  return nullptr;
}

bool failed(const RequestRecord& record) noexcept {
  return !record.error_type.empty() || record.http_status >= 400;
}

std::string_view error_type(const RequestRecord& record, std::string& buffer) {
  if (!record.error_type.empty()) return record.error_type;
  buffer = record.http_status >= 400 ? std::to_string(record.http_status) : "_OTHER";
  return buffer;
}

void build_spans(const RequestRecord& record, const PhaseBreakdown& phases, const Content& content,
                 NameSets names, SpanSet& out) {
  out.trace_id = record.trace_id;
  out.trace_state = record.trace_state;
  out.anchor = record.anchor;
  out.sampled = record.sampled;
  out.spans.reserve(5);
  std::string_view error;
  if (failed(record)) {
    out.texts.emplace_back();
    error = error_type(record, out.texts.back());
  }
  out.spans.push_back(server_span(record, phases, error));
  if (record.operation == Operation::none || record.upstream.empty()) return;

  const PhaseIntervals at = locate(record, phases);
  out.spans.push_back(client_span(record, content, at.operation, names, error, out));
  add_child(record, 1, "queue", at.queue, {}, out);
  add_child(record, 2, "prefill", at.prefill, prefill_attributes(record), out);
  add_child(record, 3, "decode", at.decode, decode_attributes(record), out);
}

}  // namespace llt::telemetry
