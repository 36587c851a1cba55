#include "telemetry/rows.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cmath>

#include "base/losses.h"
#include "telemetry/chunk_gaps.h"
#include "telemetry/sanitize.h"

namespace llt::telemetry {
namespace {

std::optional<std::string> known(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

template <class To, class From>
std::optional<To> converted(const std::optional<From>& value) {
  return value ? std::optional(static_cast<To>(*value)) : std::nullopt;
}

std::optional<std::int64_t> ms_to_ns(double milliseconds) {
  if (!(milliseconds >= 0) || milliseconds > 1e12) return std::nullopt;
  return std::llround(milliseconds * 1e6);
}

void set_identity(const RequestRecord& record, store::RequestRow& row) {
  row.request_id = record.request_id;
  row.trace_id = record.trace_id.hex();
  row.span_id = record.server_span.hex();
  row.start_unix_ns = record.anchor.to_unix(record.first_byte);
  row.method = known(record.method);
  row.route = record.route;
  row.path = known(record.path);
  if (const char* operation = operation_name(record.operation)) row.operation = operation;
  row.upstream = known(record.upstream);
  row.provider = known(record.provider);
  if (record.http_status != 0) row.http_status = record.http_status;
  row.error_type = known(record.error_type);
  row.error_message = known(record.error_message);
  row.request_bytes = record.request_body_bytes;
  row.response_bytes = record.response_body_bytes;
  row.client_address = known(record.client_address);
  if (record.client_port != 0) row.client_port = record.client_port;
  row.user_agent = known(record.user_agent);
}

void set_phases(const RequestRecord& record, const PhaseBreakdown& phases, store::RequestRow& row) {
  row.total_ns = phases.total;
  row.receive_ns = phases.receive;
  row.gateway_ns = phases.gateway;
  row.client_ns = phases.client;
  row.connect_ns = phases.connect;
  row.upstream_ns = phases.upstream;
  row.queue_ns = phases.queue;
  row.prefill_ns = phases.prefill;
  row.decode_ns = phases.decode;
  row.unattributed_ns = phases.unattributed;
  row.ttft_ns = phases.ttft;
  if (!record.request.stream) return;
  row.content_chunks = static_cast<std::int64_t>(record.content_chunks);
  const auto gaps = summarize_gaps(record.chunk_gaps_us);
  if (!gaps) return;
  row.chunk_gap_p50_ns = gaps->p50_ns;
  row.chunk_gap_p95_ns = gaps->p95_ns;
  row.chunk_gap_p99_ns = gaps->p99_ns;
  row.chunk_gap_max_ns = gaps->max_ns;
}

void set_request(const RequestParameters& request, store::RequestRow& row) {
  row.model = known(request.model);
  row.stream = request.stream;
  row.conversation_id = known(request.conversation_id);
  row.previous_response_id = known(request.previous_response_id);
  row.prompt_hash = known(request.prompt_hash);
  row.max_tokens = request.max_tokens;
  row.temperature = request.temperature;
  row.top_p = request.top_p;
  row.top_k = request.top_k;
  row.seed = request.seed;
  row.choice_count = request.choice_count;
}

void set_response(const ResponseFacts& response, store::RequestRow& row) {
  row.response_model = known(response.model);
  row.response_id = known(response.id);
  row.input_tokens = response.input_tokens;
  row.cached_tokens = response.cached_tokens;
  row.output_tokens = response.output_tokens;
  row.reasoning_tokens = response.reasoning_tokens;
  if (!response.finish_reasons.empty()) row.finish_reason = response.finish_reasons.front();
  row.slot = converted<std::int32_t>(response.slot);
  if (!response.timings) return;
  row.prompt_tokens_processed = response.timings->prompt_n;
  row.draft_tokens = response.timings->draft_n;
  row.draft_tokens_accepted = response.timings->draft_n_accepted;
  row.engine_prefill_ns = ms_to_ns(response.timings->prompt_ms);
  row.engine_decode_ns = ms_to_ns(response.timings->predicted_ms);
}

std::optional<std::string> take_content(std::string& body) {
  if (body.empty()) return std::nullopt;
  return std::move(body);
}

struct JsonValue {
  std::string& out;

  void operator()(bool value) const { out.append(value ? "true" : "false"); }
  void operator()(std::int64_t value) const {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), value);
  }
  void operator()(double value) const {
    // JSON has no NaN and no infinity.
    if (!std::isfinite(value)) return void(out.append("null"));
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), value);
  }
  void operator()(std::string_view value) const { append_json_string(out, value); }
  void operator()(std::span<const std::string> list) const {
    char separator = '[';
    for (const std::string& item : list) {
      out.push_back(separator);
      append_json_string(out, item);
      separator = ',';
    }
    out.append(list.empty() ? "[]" : "]");
  }
};

const char* kind_name(SpanKind kind) {
  switch (kind) {
    case SpanKind::internal:
      return "INTERNAL";
    case SpanKind::server:
      return "SERVER";
    case SpanKind::client:
      return "CLIENT";
  }
  return "INTERNAL";
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      out.push_back(c);
    } else if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("\\u{:04x}"), byte);
    }
  }
  out.push_back('"');
}

std::string to_json(const std::vector<Attribute>& attributes) {
  std::string out;
  out.reserve(64 * attributes.size() + 2);
  char separator = '{';
  for (const Attribute& attribute : attributes) {
    out.push_back(separator);
    append_json_string(out, attribute.key);
    out.push_back(':');
    std::visit(JsonValue{out}, attribute.value);
    separator = ',';
  }
  out.append(attributes.empty() ? "{}" : "}");
  return out;
}

store::RequestRow to_row(RequestRecord& record, const PhaseBreakdown& phases) {
  store::RequestRow row;
  set_identity(record, row);
  set_phases(record, phases, row);
  set_request(record.request, row);
  set_response(record.response, row);
  if (!record.chunk_gaps_us.empty()) row.chunk_gaps_us = record.chunk_gaps_us;
  row.request_content = take_content(record.captured_request);
  row.response_content = take_content(record.captured_response);
  return row;
}

store::SpanRow to_row(const SpanDraft& span, const SpanSet& set, std::string_view service_name) {
  store::SpanRow row;
  row.trace_id = set.trace_id.hex();
  row.span_id = span.id.hex();
  if (span.parent) row.parent_span_id = span.parent->hex();
  row.name = span.name;
  row.kind = kind_name(span.kind);
  row.start_unix_ns = set.anchor.to_unix(span.start);
  row.duration_ns = span.end - span.start;
  row.status_code = span.status == SpanStatus::error ? "ERROR" : "UNSET";
  if (!span.status_message.empty()) row.status_message = std::string(span.status_message);
  row.service_name = service_name;
  row.scope = kScopeName;
  if (!set.trace_state.empty()) row.trace_state = std::string(set.trace_state);
  if (!span.attributes.items().empty()) row.attributes = to_json(span.attributes.items());
  return row;
}

}  // namespace llt::telemetry
