#include "gateway/exchange.h"

#include <boost/beast/http/error.hpp>
#include <utility>

#include "base/losses.h"
#include "base/secret.h"
#include "gateway/trace_context.h"

namespace llt::gateway {
namespace {

using telemetry::Phase;
using telemetry::RequestRecord;

bool valid_request_id(std::string_view id) {
  constexpr std::size_t kLongest = 128;
  return !id.empty() && id.size() <= kLongest &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string_view provider_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::llama_cpp:
      return "llama_cpp";
    case Dialect::vllm:
      return "vllm";
    case Dialect::sglang:
      return "sglang";
    case Dialect::openai:
      return "openai";
  }
  return "openai";
}

bool is_peer_gone(const error_code& ec) {
  return ec == asio::error::eof || ec == asio::error::connection_reset || ec == asio::error::broken_pipe ||
         ec == http::error::end_of_stream || ec == http::error::partial_message;
}

}  // namespace

Exchange::Exchange(Worker& worker, Session& session, RequestReader& reader, SteadyNs first_byte)
    : worker_(worker),
      session_(session),
      client_(session.client()),
      reader_(reader),
      limits_(worker.shared().options.limits),
      record_(std::make_unique<RequestRecord>()),
      phases_(record_->phases),
      facts_reader_(record_->response) {
  record_->anchor = WallAnchor{};
  record_->first_byte = first_byte;
  phases_.start(first_byte, Phase::receive);
  identify();
}

Exchange::~Exchange() {
  live_.enter(nullptr);
  if (upstream_ != nullptr) upstream_->outstanding.fetch_sub(1, std::memory_order_relaxed);
  if (counted_in_flight_) worker_.shared().in_flight.fetch_sub(1, std::memory_order_relaxed);
  record_->finished = now_steady();
  phases_.enter(Phase::gateway, record_->finished);
  if (!record_->error_type.empty() && record_->error_message.empty()) {
    record_->error_message = std::move(record_->response.error_message);
  }
  worker_.shared().telemetry.submit(std::move(record_));
}

void Exchange::identify() {
  RequestRecord& r = *record_;
  target_ = origin_form(reader_.target);
  const std::string_view path = path_of(target_);
  route_ = find_route(reader_.method, path);
  r.method = reader_.method;
  r.path = path;
  r.route = route_.name;
  r.operation = route_.operation;
  r.client_address = session_.client_address();
  r.client_port = session_.client_port();
  const HeaderBlock& headers = reader_.headers;
  r.user_agent = headers.value(http::field::user_agent);
  continue_trace();
  const std::string_view id = headers.value("x-request-id");
  r.request_id = valid_request_id(id) ? std::string(id) : r.server_span.hex();
  r.request.conversation_id = headers.value("x-conversation-id");
  if (r.request.conversation_id.empty()) r.request.conversation_id = headers.value("x-session-id");
  show_timings_ = !headers.value("x-llamatelemetry-timings").empty();
  keep_alive_ = reader_.keep_alive();
}

void Exchange::continue_trace() {
  RequestRecord& r = *record_;
  const std::string_view header = reader_.headers.value("traceparent");
  const auto parent = parse_traceparent(header);
  if (!header.empty() && !parent) count_loss(Loss::traceparent_invalid);
  r.trace_id = parent ? parent->trace_id : random_trace_id();
  if (parent) {
    r.parent_span = parent->parent_id;
    r.trace_state = reader_.headers.value("tracestate");
  }
  r.server_span = random_span_id();
  r.client_span = random_span_id();
  const auto parent_sampled = parent ? std::optional(parent->sampled) : std::nullopt;
  r.sampled = worker_.shared().telemetry.sample(r.trace_id, parent_sampled);
}

Task<bool> Exchange::run() {
  Failure failure = admit();
  if (!failure) {
    const auto models = models_of_all();
    if (!models.empty()) co_return co_await answer_models(models);
  }
  if (!failure) failure = co_await receive();
  if (!failure) failure = co_await ask_upstream();
  if (failure) co_return co_await answer_error(*failure);
  co_return co_await forward_answer();
}

// ---- the request ----

// What the parser lets pass but nobody may forward: the next server could see another message in it.
Exchange::Failure Exchange::check_message() const {
  const HeaderBlock& headers = reader_.headers;
  if (headers.count(http::field::host) != 1 &&
      (reader_.version >= 11 || headers.count(http::field::host) > 1)) {
    return GatewayError{400, "bad_request", "the request needs exactly one Host header"};
  }
  const std::string_view coding = headers.value(http::field::transfer_encoding);
  if (headers.count(http::field::transfer_encoding) > 0 && !iequals(coding, "chunked")) {
    return GatewayError{400, "bad_request", "the only Transfer-Encoding understood is chunked"};
  }
  if (reader_.method == "CONNECT" || (!target_.starts_with('/') && target_ != "*")) {
    return GatewayError{400, "bad_request", "this is not a forward proxy"};
  }
  return std::nullopt;
}

Exchange::Failure Exchange::admit() {
  if (auto failure = check_message()) {
    keep_alive_ = false;  // where this message ends is in doubt
    return failure;
  }
  if (!authorized()) {
    return GatewayError{401, "invalid_api_key",
                        "a valid API key is needed: send it as Authorization: Bearer"};
  }
  const std::string_view expect = reader_.headers.value(http::field::expect);
  if (!expect.empty() && !iequals(expect, "100-continue")) {
    return GatewayError{417, "expectation_failed", "only Expect: 100-continue is understood"};
  }
  const auto length = reader_.content_length();
  if (length && *length > limits_.body_bytes) {
    return GatewayError{413, "body_too_large",
                        "the request body is larger than " + std::to_string(limits_.body_bytes) + " bytes"};
  }
  inspect_ = route_.is_inference() && !(length && *length > limits_.inspected_body_bytes);
  if (route_.is_inference() && !inspect_) count_loss(Loss::body_not_inspected);
  if (!route_.is_inference()) return std::nullopt;
  live_.enter(&worker_.shared().telemetry.live().waiting);
  counted_in_flight_ = true;
  if (worker_.shared().in_flight.fetch_add(1, std::memory_order_relaxed) >= limits_.max_in_flight) {
    return GatewayError{429, "too_many_requests", "too many requests are running", 1};
  }
  return std::nullopt;
}

bool Exchange::authorized() const {
  const auto& keys = worker_.shared().options.api_keys;
  // Browsers send preflight requests without credentials.
  if (keys.empty() || path_of(target_) == "/health" || reader_.method == "OPTIONS") return true;
  std::string_view key = reader_.headers.value(http::field::authorization);
  if (key.size() > 7 && iequals(key.substr(0, 7), "Bearer ")) {
    key.remove_prefix(7);
  } else {
    key = reader_.headers.value("x-api-key");
  }
  return is_one_of(keys, key);
}

Task<Exchange::Failure> Exchange::receive() {
  error_code ec;
  const bool expects = !reader_.headers.value(http::field::expect).empty() && reader_.version >= 11;
  if (expects && !reader_.is_done() && reader_.body.empty() && client_.input().size() == 0) {
    co_await client_.write("HTTP/1.1 100 Continue\r\n\r\n", {}, kErrorWriteTimeoutMs, ec);
  }
  while (inspect_ && !reader_.is_done()) {
    if (reader_.body.size() > limits_.inspected_body_bytes) {
      inspect_ = false;
      count_loss(Loss::body_not_inspected);
      break;
    }
    if (!ec) co_await client_.read(limits_.body_timeout_ms, ec);
    if (!ec) feed(reader_, client_.input(), ec);
    if (ec == asio::error::timed_out) {
      co_return GatewayError{408, "request_timeout", "the request body took too long"};
    }
    if (is_peer_gone(ec) || ec == asio::error::operation_aborted) {
      co_return GatewayError{499, "client_disconnected", "the client left while sending its request"};
    }
    if (ec) co_return GatewayError{400, "bad_request", "the request body is damaged: " + ec.message()};
  }
  streams_body_ = !reader_.is_done();
  record_->received = now_steady();
  phases_.enter(Phase::gateway, record_->received);
  record_->request_body_bytes = reader_.body.size();
  if (inspect_) understand_body();
  co_return std::nullopt;
}

void Exchange::understand_body() {
  std::string& body = reader_.body;
  if (worker_.shared().options.capture_content) record_->captured_request = body;
  constexpr std::size_t kRoom = 192;  // simdjson's padding and what make_measurable() adds
  if (body.capacity() < body.size() + kRoom) body.reserve(body.size() + kRoom);
  InspectedBody inspected = inspect_request(body);
  if (!inspected.is_object) count_loss(Loss::request_json_invalid);
  std::string from_header = std::move(record_->request.conversation_id);
  const auto chosen = worker_.shared().upstreams.choose(inspected.parameters.model);
  if (chosen) injected_ = make_measurable(body, inspected, route_, (*chosen)->dialect(), (*chosen)->probed());
  record_->progress_requested = injected_.progress || inspected.return_progress.value_or(false);
  if (chosen) upstream_ = *chosen;
  record_->request = std::move(inspected.parameters);
  if (record_->request.conversation_id.empty()) record_->request.conversation_id = std::move(from_header);
  if (upstream_ != nullptr) upstream_->outstanding.fetch_add(1, std::memory_order_relaxed);
}

// ---- the upstream ----

Task<Exchange::Failure> Exchange::ask_upstream() {
  if (upstream_ == nullptr) {
    const auto chosen = worker_.shared().upstreams.choose(record_->request.model);
    if (!chosen) co_return GatewayError{503, "no_upstream", chosen.error().message, 2};
    upstream_ = *chosen;
    upstream_->outstanding.fetch_add(1, std::memory_order_relaxed);
  }
  record_->upstream = upstream_->name();
  record_->provider = provider_name(upstream_->dialect());
  record_->server_address =
      upstream_->url().endpoint.is_unix() ? "localhost" : upstream_->url().endpoint.host;
  record_->server_port = upstream_->url().endpoint.port;
  for (int attempt = 0;; ++attempt) {
    Failure failure = co_await connect(attempt > 0);
    if (failure) co_return failure;
    error_code ec;
    co_await send_request(ec);
    // A server may answer and close before it has read everything: look for its answer all the same.
    if (!ec || ec == asio::error::broken_pipe || ec == asio::error::connection_reset) {
      co_await read_answer_head(ec);
    }
    if (!ec) co_return std::nullopt;
    if (session_.client_gone()) {
      co_return GatewayError{499, "client_disconnected", "the client left before the answer"};
    }
    // The server closed a kept connection just as we used it: it has not seen the request.
    const bool stale = connection_->reused && is_peer_gone(ec) && read_at_ == 0 && !streams_body_;
    if (!stale || attempt > 0) co_return upstream_failure(ec);
    session_.cancel_when_client_leaves(nullptr);
    connection_.reset();
  }
}

Task<Exchange::Failure> Exchange::connect(bool afresh) {
  if (!afresh) connection_ = worker_.pool().take_idle(*upstream_);
  error_code ec;
  if (!connection_) {
    phases_.enter(Phase::connect);
    connection_ = co_await worker_.pool().connect(*upstream_, limits_.connect_timeout_ms, ec);
    phases_.enter(Phase::gateway);
  }
  if (!connection_) co_return upstream_failure(ec);
  session_.cancel_when_client_leaves(&connection_->stream);
  co_return std::nullopt;
}

Task<> Exchange::send_request(error_code& ec) {
  const Options& options = worker_.shared().options;
  out_.clear();
  UpstreamHead head{reader_, target_, *upstream_, *record_};
  head.strip_credentials = !options.api_keys.empty();
  head.refuse_encodings = route_.is_inference();
  if (streams_body_) {
    head.framing = reader_.chunked() ? Framing::chunked : Framing::length;
    head.content_length = reader_.content_length().value_or(0);
  } else if (!reader_.body.empty() || reader_.content_length() || reader_.chunked()) {
    head.framing = Framing::length;
    head.content_length = reader_.body.size();
  }
  write_upstream_head(head, out_);
  if (streams_body_) {
    co_await connection_->stream.write(out_, {}, limits_.body_timeout_ms, ec);
    if (!ec) co_await stream_request_body(ec);
  } else {
    co_await connection_->stream.write(out_, reader_.body, limits_.body_timeout_ms, ec);
  }
  record_->handed_over = now_steady();
  phases_.enter(upstream_phase_, record_->handed_over);
}

Task<> Exchange::stream_request_body(error_code& ec) {
  std::uint64_t sent = 0;
  for (;;) {
    out_.clear();
    if (reader_.chunked()) write_chunk(reader_.body, out_);
    if (reader_.chunked() && reader_.is_done()) out_.append(kLastChunk);
    sent += reader_.body.size();
    const std::string_view piece = reader_.chunked() ? std::string_view(out_) : reader_.body;
    co_await connection_->stream.write(piece, {}, limits_.body_timeout_ms, ec);
    reader_.body.clear();
    record_->request_body_bytes = sent;
    if (ec || reader_.is_done()) break;
    if (sent > limits_.body_bytes) {
      ec = http::error::body_limit;
      break;
    }
    phases_.enter(Phase::receive);
    co_await client_.read(limits_.body_timeout_ms, ec);
    phases_.enter(Phase::gateway);
    if (!ec) feed(reader_, client_.input(), ec);
    if (ec) break;
  }
  record_->received = now_steady();
}

Task<> Exchange::read_answer_head(error_code& ec) {
  answer_.emplace(static_cast<std::uint32_t>(limits_.header_bytes));
  answer_->skip(reader_.method == "HEAD");
  for (;;) {
    if (session_.client_gone()) {
      ec = asio::error::operation_aborted;
      co_return;
    }
    co_await read_upstream(ec);
    if (ec) co_return;
    feed(*answer_, connection_->stream.input(), ec);
    while (!ec && answer_->is_header_done() && answer_->status < 200) {
      // Interim answers (100, 103) are between us and the upstream.
      answer_.emplace(static_cast<std::uint32_t>(limits_.header_bytes));
      feed(*answer_, connection_->stream.input(), ec);
    }
    if (ec && answer_->is_header_done() && is_event_stream(*answer_)) broken_ = std::exchange(ec, {});
    if (ec || answer_->is_header_done()) co_return;
  }
}

// Waits in the phase the engine is in, and works in Phase::gateway.
Task<std::size_t> Exchange::read_upstream(error_code& ec) {
  phases_.enter(upstream_phase_);
  const std::size_t size = co_await connection_->stream.read(limits_.response_timeout_ms, ec);
  const SteadyNs now = now_steady();
  phases_.enter(Phase::gateway, now);
  if (size > 0) {
    read_at_ = now;
    upstream_->last_byte_ns.store(now, std::memory_order_relaxed);
  }
  co_return size;
}

GatewayError Exchange::upstream_failure(const error_code& ec) const {
  const std::string who = "inference server '" + upstream_->name() + "'";
  if (ec == asio::error::timed_out) return {504, "upstream_timeout", who + " did not answer in time"};
  if (ec == http::error::body_limit) {
    return {413, "body_too_large",
            "the request body is larger than " + std::to_string(limits_.body_bytes) + " bytes"};
  }
  if (ec == asio::error::operation_aborted) return {503, "shutting_down", "the gateway is shutting down", 2};
  if (ec.category() == http::make_error_code(http::error::end_of_stream).category() && !is_peer_gone(ec)) {
    return {502, "upstream_invalid_response",
            who + " sent an answer that is not valid HTTP: " + ec.message()};
  }
  if (connection_ == nullptr) {
    return {502, "upstream_unreachable", who + " cannot be reached: " + ec.message(), 1};
  }
  return {502, "upstream_closed", who + " closed the connection before it answered", 1};
}

// ---- answers of our own ----

Task<bool> Exchange::answer_error(const GatewayError& error) {
  RequestRecord& r = *record_;
  r.http_status = error.status;
  r.error_type = error.type;
  r.error_message = error.message;
  session_.cancel_when_client_leaves(nullptr);
  connection_.reset();
  if (error.status == 499 || session_.client_gone()) co_return false;
  phases_.enter(Phase::gateway);
  const bool body_unread = !reader_.is_done();
  const bool keep_alive = keep_alive_ && !body_unread;
  out_.clear();
  write_error_answer(error, route_.api, r.request_id, keep_alive, reader_.method == "HEAD", out_);
  error_code ec;
  co_await client_.write(out_, {}, kErrorWriteTimeoutMs, ec, &phases_, Phase::client);
  r.response_body_bytes = out_.size();
  must_linger_ = body_unread && !ec;
  co_return keep_alive && !ec;
}

std::vector<UpstreamSet::Model> Exchange::models_of_all() const {
  const UpstreamSet& upstreams = worker_.shared().upstreams;
  const bool asked = (route_.name == "/v1/models" || route_.name == "/models") &&
                     (reader_.method == "GET" || reader_.method == "HEAD") && reader_.is_done();
  if (!asked || upstreams.all().size() < 2) return {};
  return upstreams.models();
}

Task<bool> Exchange::answer_models(const std::vector<UpstreamSet::Model>& models) {
  record_->received = now_steady();
  phases_.enter(Phase::gateway, record_->received);
  record_->http_status = 200;
  out_.clear();
  write_models_answer(models, record_->request_id, keep_alive_, reader_.method == "HEAD", out_);
  error_code ec;
  co_await client_.write(out_, {}, kErrorWriteTimeoutMs, ec, &phases_, Phase::client);
  record_->response_body_bytes = out_.size();
  if (ec) client_left();
  co_return keep_alive_ && !ec;
}

void Exchange::client_left() {
  record_->error_type = "client_disconnected";
  record_->error_message = "the client left before the end of the answer";
}

}  // namespace llt::gateway
