#include "gateway/head_writer.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "gateway/trace_context.h"

namespace llt::gateway {
namespace {

using telemetry::Phase;
using telemetry::RequestRecord;

void field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool is_credential(const HeaderBlock::Field& f) {
  return f.id == http::field::authorization || iequals(f.name, "x-api-key");
}

// Fields that write_upstream_head sets itself.
bool is_replaced_upstream(const HeaderBlock::Field& f) {
  return f.id == http::field::host || f.id == http::field::content_length || f.id == http::field::expect ||
         iequals(f.name, "traceparent") || iequals(f.name, "tracestate") || iequals(f.name, "x-request-id");
}

void framing_fields(Framing framing, std::uint64_t length, std::string& out) {
  if (framing == Framing::length) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", length);
  if (framing == Framing::chunked) out.append("Transfer-Encoding: chunked\r\n");
}

double ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

// https://www.w3.org/TR/server-timing/
void server_timing(const ClientHead& head, std::string& out) {
  const RequestRecord& record = head.record;
  auto to = std::back_inserter(out);
  const auto& phases = record.phases;
  fmt::format_to(to, "Server-Timing: gateway;dur={:.3f}, upstream;dur={:.3f}", ms(phases.ns(Phase::gateway)),
                 ms(phases.ns(Phase::queue) + phases.ns(Phase::prefill) + phases.ns(Phase::decode)));
  if (head.queue_ms) fmt::format_to(to, ", queue;dur={:.3f}", *head.queue_ms);
  if (head.prefill_ms) fmt::format_to(to, ", prefill;dur={:.3f}", *head.prefill_ms);
  if (head.decode_ms) fmt::format_to(to, ", decode;dur={:.3f}", *head.decode_ms);
  out.append("\r\n");
}

void timing_headers(const ClientHead& head, std::string& out) {
  const RequestRecord& record = head.record;
  auto to = std::back_inserter(out);
  field(out, "x-llamatelemetry-trace-id", record.trace_id.hex());
  field(out, "x-llamatelemetry-upstream", record.upstream);
  fmt::format_to(to, "x-llamatelemetry-gateway-ms: {:.3f}\r\n", ms(record.phases.ns(Phase::gateway)));
  if (head.queue_ms) fmt::format_to(to, "x-llamatelemetry-queue-ms: {:.3f}\r\n", *head.queue_ms);
  if (head.prefill_ms) fmt::format_to(to, "x-llamatelemetry-prefill-ms: {:.3f}\r\n", *head.prefill_ms);
  if (head.decode_ms) fmt::format_to(to, "x-llamatelemetry-decode-ms: {:.3f}\r\n", *head.decode_ms);
}

}  // namespace

void write_upstream_head(const UpstreamHead& head, std::string& out) {
  const RequestReader& client = head.client;
  const Endpoint& endpoint = head.upstream.url().endpoint;
  out.append(client.method).append(" ").append(head.upstream.url().prefix).append(head.target);
  out.append(" HTTP/1.1\r\n");
  field(out, "Host", endpoint.is_unix() ? "localhost" : endpoint.to_string());
  const std::string_view connection = client.headers.value(http::field::connection);
  bool has_credential = false;
  for (std::size_t i = 0; i < client.headers.size(); ++i) {
    const auto f = client.headers[i];
    if (is_replaced_upstream(f) || is_hop_by_hop(f, connection)) continue;
    if (head.refuse_encodings && f.id == http::field::accept_encoding) continue;
    if (is_credential(f)) {
      if (head.strip_credentials) continue;
      has_credential = true;
    }
    field(out, f.name, f.value);
  }
  if (head.refuse_encodings) field(out, "Accept-Encoding", "identity");
  if (!has_credential && !head.upstream.api_key().empty()) {
    field(out, "Authorization", "Bearer " + head.upstream.api_key());
  }
  const RequestRecord& record = head.record;
  field(out, "traceparent", format_traceparent({record.trace_id, record.client_span, record.sampled}));
  if (!record.trace_state.empty()) field(out, "tracestate", record.trace_state);
  field(out, "X-Request-Id", record.request_id);
  framing_fields(head.framing, head.content_length, out);
  out.append("\r\n");
}

void write_client_head(const ClientHead& head, std::string& out) {
  const ResponseReader& upstream = head.upstream;
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", upstream.status, upstream.reason);
  const std::string_view connection = upstream.headers.value(http::field::connection);
  bool has_request_id = false;
  for (std::size_t i = 0; i < upstream.headers.size(); ++i) {
    const auto f = upstream.headers[i];
    if (is_hop_by_hop(f, connection)) continue;
    // Kept as it was for Framing::length and for answers without a body (HEAD, 304).
    const bool reframed = head.framing == Framing::chunked || head.framing == Framing::until_close;
    if (f.id == http::field::content_length && reframed) continue;
    has_request_id |= iequals(f.name, "x-request-id");
    if (f.id == http::field::content_length && head.content_length) {
      field(out, f.name, std::to_string(*head.content_length));
      continue;
    }
    field(out, f.name, f.value);
  }
  if (!has_request_id) field(out, "X-Request-Id", head.record.request_id);
  server_timing(head, out);
  if (head.show_timings) timing_headers(head, out);
  framing_fields(head.framing == Framing::chunked ? Framing::chunked : Framing::none, 0, out);
  if (!head.keep_alive) field(out, "Connection", "close");
  if (head.keep_alive && head.http_1_0) field(out, "Connection", "keep-alive");
  out.append("\r\n");
}

namespace {

// What a page of another origin may read of an answer that is ours: as llama-server allows for its own.
// Without it a browser hides the error from the page.
void any_origin(std::string& out) { field(out, "Access-Control-Allow-Origin", "*"); }

}  // namespace

void write_error_answer(const GatewayError& error, Api api, std::string_view request_id, bool keep_alive,
                        bool head_only, std::string& out) {
  const std::string body = error_body(error, api);
  fmt::format_to(std::back_inserter(out),
                 "HTTP/1.1 {} {}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n",
                 error.status, reason_phrase(error.status), body.size());
  any_origin(out);
  if (!request_id.empty()) field(out, "X-Request-Id", request_id);
  if (error.retry_after_s > 0) field(out, "Retry-After", std::to_string(error.retry_after_s));
  if (error.status == 401) field(out, "WWW-Authenticate", "Bearer");
  if (!keep_alive) field(out, "Connection", "close");
  out.append("\r\n");
  if (!head_only) out.append(body);
}

void write_models_answer(const std::vector<UpstreamSet::Model>& models, std::string_view request_id,
                         bool keep_alive, bool head_only, std::string& out) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  // `created` is when it was asked, as in llama-server's own answer: strict clients insist on one.
  for (const auto& model : models) {
    list.push_back({{"id", model.name},
                    {"object", "model"},
                    {"created", now_unix() / 1'000'000'000},
                    {"owned_by", model.upstream}});
  }
  const nlohmann::ordered_json document = {{"object", "list"}, {"data", std::move(list)}};
  const std::string body = document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  fmt::format_to(std::back_inserter(out),
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n",
                 body.size());
  any_origin(out);
  field(out, "X-Request-Id", request_id);
  if (!keep_alive) field(out, "Connection", "close");
  out.append("\r\n");
  if (!head_only) out.append(body);
}

void write_chunk(std::string_view data, std::string& out) {
  if (data.empty()) return;
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", data.size());
  out.append(data).append("\r\n");
}

}  // namespace llt::gateway
