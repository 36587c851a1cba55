// The second half of Exchange: the upstream's answer on its way to the client.

#include <fmt/format.h>
#include <simdjson.h>

#include <boost/beast/http/error.hpp>
#include <utility>

#include "base/losses.h"
#include "gateway/exchange.h"

namespace llt::gateway {
namespace {

using telemetry::Phase;
using telemetry::RequestRecord;

constexpr int kBrokenWriteTimeoutMs = 5'000;

bool may_have_body(std::string_view method, unsigned status) {
  return method != "HEAD" && status != 204 && status != 304;
}

}  // namespace

Task<bool> Exchange::forward_answer() {
  RequestRecord& r = *record_;
  r.http_status = static_cast<int>(answer_->status);
  if (r.http_status >= 400) r.error_type = std::to_string(r.http_status);
  choose_framing();
  out_.clear();
  for (;;) {
    visible_.clear();
    take_body(visible_);
    const bool done = answer_->is_done();
    if (done) finish_body(visible_);
    const bool delivered = hold_plain_ || co_await deliver(done);
    if (!delivered) co_return false;
    if (done) break;
    error_code ec = std::exchange(broken_, {});
    if (!ec && !session_.client_gone()) co_await read_upstream(ec);
    if (session_.client_gone()) {
      client_left();
      co_return false;
    }
    if (ec == asio::error::eof) {
      ec = {};
      answer_->put_eof(ec);
    } else if (!ec) {
      feed(*answer_, connection_->stream.input(), ec);
    }
    if (ec) co_return co_await end_broken_answer(ec);
  }
  release_upstream();
  understand_plain_answer();
  co_return keep_alive_&& framing_ != Framing::until_close&& reader_.is_done();
}

// Writes what is in visible_, behind the head when that has not gone out. False: the client has left.
Task<bool> Exchange::deliver(bool last) {
  if (head_pending_) start_answer(out_);
  head_pending_ = false;
  record_->response_body_bytes += visible_.size();
  std::string_view body = visible_;
  if (framing_ == Framing::chunked) {
    write_chunk(visible_, out_);
    if (last) out_.append(kLastChunk);
    body = {};
  }
  error_code ec;
  co_await client_.write(out_, body, limits_.client_write_timeout_ms, ec, &phases_, Phase::client);
  out_.clear();
  if (ec) {
    client_left();
    co_return false;
  }
  if (first_content_pending_) {
    record_->first_content_out = now_steady();
    first_content_pending_ = false;
  }
  co_return true;
}

void Exchange::choose_framing() {
  const bool understood = route_.is_inference() && answer_is_readable();
  if (understood && is_event_stream(*answer_)) {
    events_.emplace(facts_reader_, injected_, limits_.held_event_bytes);
    const bool head_alone = answer_->body.empty() && !answer_->is_done();
    if (head_alone && !record_->progress_requested && upstream_->dialect() == Dialect::llama_cpp) {
      slot_start_from_head_ = true;
      slot_started();
    }
  } else if (understood && has_content_type(*answer_, "application/json")) {
    collect_plain_answer();
  }
  if (!may_have_body(reader_.method, answer_->status)) {
    framing_ = Framing::none;
  } else if (answer_->content_length() && !(events_ && injected_.any())) {
    framing_ = Framing::length;
  } else {
    framing_ = reader_.version >= 11 ? Framing::chunked : Framing::until_close;
  }
  if (framing_ == Framing::until_close) keep_alive_ = false;
}

void Exchange::collect_plain_answer() {
  const auto length = answer_->content_length();
  if (length && *length > limits_.inspected_body_bytes) {
    count_loss(Loss::body_not_inspected);
    return;
  }
  collect_plain_ = true;
  hold_plain_ = injected_.slot;
  if (length) plain_.reserve(static_cast<std::size_t>(*length) + simdjson::SIMDJSON_PADDING);
}

bool Exchange::answer_is_readable() const {
  const std::string_view encoding = answer_->headers.value(http::field::content_encoding);
  return encoding.empty() || iequals(encoding, "identity");
}

// The head goes out with the first bytes of the body. A plain answer that has come whole is read first, so
// that its phases can stand in Server-Timing.
void Exchange::start_answer(std::string& out) {
  if (collect_plain_ && answer_->is_done()) understand_plain_answer();
  ClientHead head{*answer_,      *record_, framing_, keep_alive_, reader_.version < 11,
                  show_timings_, {},       {},       {},          {}};
  if (injected_.slot && framing_ == Framing::length && answer_->is_done())
    head.content_length = visible_.size();
  if (const auto& timings = record_->response.timings) {
    const double waited = static_cast<double>(read_at_ - record_->handed_over) / 1e6;
    head.queue_ms = std::max(0.0, waited - timings->prompt_ms - timings->predicted_ms);
    head.prefill_ms = timings->prompt_ms;
    head.decode_ms = timings->predicted_ms;
  } else if (record_->slot_start != 0) {
    head.queue_ms = static_cast<double>(record_->slot_start - record_->handed_over) / 1e6;
  }
  write_client_head(head, out);
}

// Takes what the reader has of the answer's body; `out` gets what the client may see.
void Exchange::take_body(std::string& out) {
  std::string& body = answer_->body;
  if (body.empty()) return;
  const bool capture = worker_.shared().options.capture_content && route_.is_inference();
  if (capture && record_->captured_response.size() < limits_.held_event_bytes) {
    record_->captured_response += body;
  }
  if (events_) {
    note_events(events_->feed(body, out));
  } else {
    if (collect_plain_ && plain_.size() + body.size() > limits_.inspected_body_bytes) {
      collect_plain_ = false;
      if (std::exchange(hold_plain_, false)) out.append(plain_);
      plain_ = {};
      count_loss(Loss::body_not_inspected);
    }
    if (collect_plain_) plain_ += body;
    if (!hold_plain_) out.append(body);
  }
  body.clear();
}

void Exchange::note_events(const EventStream::Seen& seen) {
  RequestRecord& r = *record_;
  if (seen.progress && r.slot_start == 0 && r.first_content == 0) slot_started();
  if (seen.error && r.error_type.empty()) {
    r.error_type = "upstream_error_event";
  }
  for (std::uint32_t i = 0; i < seen.content_events; ++i) note_content();
}

void Exchange::note_content() {
  RequestRecord& r = *record_;
  ++r.content_chunks;
  if (r.first_content == 0) {
    if (slot_start_from_head_) recheck_slot_start();
    r.first_content = read_at_;
    first_content_pending_ = true;
    upstream_phase_ = Phase::decode;
    live_.enter(&worker_.shared().telemetry.live().decoding);
  } else if (r.chunk_gaps_us.size() < RequestRecord::kMaxChunkGaps) {
    r.chunk_gaps_us.push_back(static_cast<std::uint32_t>((read_at_ - r.last_content) / 1000));
  }
  r.last_content = read_at_;
}

void Exchange::slot_started() {
  record_->slot_start = read_at_;
  upstream_phase_ = Phase::prefill;
  live_.enter(&worker_.shared().telemetry.live().prefilling);
}

// llama-server sends a stream's head alone when a slot takes the request up; builds from before 2026 send it
// with the first token, which then follows at once. Too short a wait cannot tell the two apart.
void Exchange::recheck_slot_start() {
  constexpr std::int64_t kShortestPrefillNs = 1'000'000;
  if (read_at_ - record_->slot_start >= kShortestPrefillNs) return;
  record_->slot_start = 0;
  phases_.rebook(Phase::prefill, Phase::queue);
}

void Exchange::finish_body(std::string& out) {
  if (events_) note_events(events_->finish(out));
  if (hold_plain_) reveal_plain_answer(out);
  record_->upstream_done = read_at_;
}

// The upstream broke off after its answer had begun. A stream ends with an error event; for a plain answer
// the missing bytes tell the client.
Task<bool> Exchange::end_broken_answer(error_code cause) {
  RequestRecord& r = *record_;
  GatewayError error = upstream_failure(cause);
  if (error.type == "upstream_closed")
    error.message =
        "inference server '" + upstream_->name() + "' closed the connection in the middle of its answer";
  r.error_type = error.type;
  r.error_message = error.message;
  r.upstream_done = now_steady();
  connection_.reset();
  session_.cancel_when_client_leaves(nullptr);
  if (head_pending_) co_return co_await answer_error(error);
  if (!events_ || framing_ == Framing::length) co_return false;
  const EventStream::Break at = events_->abandon();
  if (at.in_event) count_loss(Loss::sse_event_torn);
  visible_ = at.client_in_event ? "\n\n" : "";
  visible_ += error_event(error, route_.api);
  out_.clear();
  if (framing_ == Framing::chunked) {
    write_chunk(visible_, out_);
    out_.append(kLastChunk);
  } else {
    out_ = visible_;
  }
  error_code ec;
  co_await client_.write(out_, {}, kBrokenWriteTimeoutMs, ec, &phases_, Phase::client);
  co_return false;
}

void Exchange::understand_plain_answer() {
  if (!collect_plain_) return;
  collect_plain_ = false;
  plain_.reserve(plain_.size() + simdjson::SIMDJSON_PADDING);
  const EventContent content = facts_reader_.read(plain_);
  if (injected_.slot && content.verbose_size > 0) plain_.erase(content.verbose_at, content.verbose_size);
  const bool is_array = plain_.find_first_not_of(" \t\r\n") != std::string::npos &&
                        plain_[plain_.find_first_not_of(" \t\r\n")] == '[';
  if (!content.parsed && !is_array) count_loss(Loss::response_json_invalid);
}

// The answer has come whole: the client gets it without what we caused.
void Exchange::reveal_plain_answer(std::string& out) {
  hold_plain_ = false;
  understand_plain_answer();
  out.append(plain_);
}

void Exchange::release_upstream() {
  session_.cancel_when_client_leaves(nullptr);
  // llama-server often closes a kept connection without a word when a request follows a streamed answer.
  const bool spoiled = events_ && upstream_->dialect() == Dialect::llama_cpp;
  const bool reusable = !spoiled && answer_->keep_alive() && connection_->stream.input().size() == 0 &&
                        !answer_->need_eof() && reader_.is_done();
  if (reusable) {
    worker_.pool().give_back(*upstream_, std::move(connection_));
  }
  connection_.reset();
}

}  // namespace llt::gateway
