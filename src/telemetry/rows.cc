#include "telemetry/rows.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/losses.h"
#include "telemetry/chunk_gaps.h"
#include "telemetry/sanitize.h"

namespace llt::telemetry {
namespace {

std::optional<std::string> known(std::string&& text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

template <class To, class From>
std::optional<To> converted(const std::optional<From>& value) {
  return value ? std::optional(static_cast<To>(*value)) : std::nullopt;
}

std::optional<std::int64_t> ms_to_ns(double milliseconds) {
  if (!(milliseconds >= 0) || milliseconds > 1e12) return std::nullopt;
  return std::llround(milliseconds * 1e6);
}

std::optional<std::string> json_list(const std::vector<std::string>& items) {
  if (items.empty()) return std::nullopt;
  std::string out;
  append_json_list(out, items);
  return out;
}

void set_identity(RequestRecord& record, store::RequestRow& row) {
  row.request_id = std::move(record.request_id);
  row.trace_id = record.trace_id.hex();
  row.span_id = record.server_span.hex();
  if (record.parent_span) row.parent_span_id = record.parent_span->hex();
  row.trace_state = known(std::move(record.trace_state));
  row.start_unix_ns = record.anchor.to_unix(record.first_byte);
  row.method = known(std::move(record.method));
  row.route = std::move(record.route);
  row.path = known(std::move(record.path));
  if (const char* operation = operation_name(record.operation)) row.operation = operation;
  row.upstream = known(std::move(record.upstream));
  row.provider = known(std::move(record.provider));
  row.server_address = known(std::move(record.server_address));
  if (record.server_port != 0) row.server_port = record.server_port;
  if (record.http_status != 0) row.http_status = record.http_status;
  row.error_type = known(std::move(record.error_type));
  row.error_message = known(std::move(record.error_message));
  row.request_bytes = record.request_body_bytes;
  row.response_bytes = record.response_body_bytes;
  row.client_address = known(std::move(record.client_address));
  if (record.client_port != 0) row.client_port = record.client_port;
  row.user_agent = known(std::move(record.user_agent));
}

void set_phases(const PhaseBreakdown& phases, store::RequestRow& row) {
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
  row.phase_rule = to_string(phases.rule);
  row.ttft_ns = phases.ttft;
}

/// What the CLIENT span and its children are made from (schema/spans.toml).
void set_operation(const RequestRecord& record, const PhaseBreakdown& phases, store::RequestRow& row) {
  if (record.operation == Operation::none || record.upstream.empty()) return;
  const PhaseIntervals at = locate(record, phases);
  const auto since_start = [&](const Interval& interval) {
    return interval.known() ? std::optional(interval.start - record.first_byte) : std::nullopt;
  };
  row.client_span_id = record.client_span.hex();
  row.operation_start_ns = at.operation.start - record.first_byte;
  row.operation_ns = at.operation.end - at.operation.start;
  row.queue_start_ns = since_start(at.queue);
  row.prefill_start_ns = since_start(at.prefill);
  row.decode_start_ns = since_start(at.decode);
  if (record.request.stream && record.first_content != 0) {
    row.time_to_first_chunk_ns = record.first_content - at.operation.start;
  }
}

void set_chunks(RequestRecord& record, store::RequestRow& row) {
  if (record.request.stream) row.content_chunks = static_cast<std::int64_t>(record.content_chunks);
  if (const auto gaps = summarize_gaps(record.chunk_gaps_us); gaps && record.request.stream) {
    row.chunk_gap_p50_ns = gaps->p50_ns;
    row.chunk_gap_p95_ns = gaps->p95_ns;
    row.chunk_gap_p99_ns = gaps->p99_ns;
    row.chunk_gap_max_ns = gaps->max_ns;
  }
  if (!record.chunk_gaps_us.empty()) row.chunk_gaps_us = std::move(record.chunk_gaps_us);
}

void set_request(RequestParameters& request, store::RequestRow& row) {
  row.model = known(std::move(request.model));
  row.stream = request.stream;
  row.conversation_id = known(std::move(request.conversation_id));
  row.previous_response_id = known(std::move(request.previous_response_id));
  row.prompt_hash = known(std::move(request.prompt_hash));
  row.max_tokens = request.max_tokens;
  row.temperature = request.temperature;
  row.top_p = request.top_p;
  row.top_k = request.top_k;
  row.seed = request.seed;
  row.choice_count = request.choice_count;
  row.output_type = known(std::move(request.output_type));
  row.frequency_penalty = request.frequency_penalty;
  row.presence_penalty = request.presence_penalty;
  row.stop_sequences = json_list(request.stop_sequences);
  row.reasoning_level = known(std::move(request.reasoning_level));
  row.dimensions = request.dimensions;
  row.encoding_formats = json_list(request.encoding_formats);
}

void set_response(ResponseFacts& response, store::RequestRow& row) {
  row.response_model = known(std::move(response.model));
  row.response_id = known(std::move(response.id));
  row.input_tokens = response.input_tokens;
  row.cached_tokens = response.cached_tokens;
  row.output_tokens = response.output_tokens;
  row.reasoning_tokens = response.reasoning_tokens;
  if (!response.finish_reasons.empty()) row.finish_reason = response.finish_reasons.front();
  row.finish_reasons = json_list(response.finish_reasons);
  row.slot = converted<std::int32_t>(response.slot);
  if (!response.timings) return;
  row.prompt_tokens_processed = response.timings->prompt_n;
  row.draft_tokens = response.timings->draft_n;
  row.draft_tokens_accepted = response.timings->draft_n_accepted;
  row.engine_prefill_ns = ms_to_ns(response.timings->prompt_ms);
  row.engine_decode_ns = ms_to_ns(response.timings->predicted_ms);
}

void set_content(RequestRecord& record, Content& content, store::RequestRow& row) {
  row.request_content = known(std::move(record.captured_request));
  row.response_content = known(std::move(record.captured_response));
  row.input_messages = known(std::move(content.input_messages));
  row.output_messages = known(std::move(content.output_messages));
  row.system_instructions = known(std::move(content.system_instructions));
  row.tool_definitions = known(std::move(content.tool_definitions));
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
  void operator()(std::span<const std::string> list) const { append_json_list(out, list); }
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
  out.push_back('"');
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (text.front() == '"' || text.front() == '\\') {
      out.push_back('\\');
      out.push_back(text.front());
    } else {
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("\\u{:04x}"),
                     static_cast<unsigned char>(text.front()));
    }
    text.remove_prefix(1);
  }
  out.push_back('"');
}

void append_json_list(std::string& out, std::span<const std::string> items) {
  char separator = '[';
  for (const std::string& item : items) {
    out.push_back(separator);
    append_json_string(out, item);
    separator = ',';
  }
  out.append(items.empty() ? "[]" : "]");
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

store::RequestRow to_row(RequestRecord&& record, const PhaseBreakdown& phases, Content&& content) {
  store::RequestRow row;
  set_phases(phases, row);
  set_operation(record, phases, row);
  set_chunks(record, row);
  set_request(record.request, row);
  set_response(record.response, row);
  set_content(record, content, row);
  set_identity(record, row);
  return row;
}

}  // namespace llt::telemetry
