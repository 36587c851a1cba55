#include "gateway/session.h"

#include <boost/beast/http/error.hpp>

#include "gateway/exchange.h"
#include "gateway/head_writer.h"
#include "gateway/worker.h"

namespace llt::gateway {
namespace {

GatewayError head_error(const error_code& ec) {
  if (ec == asio::error::timed_out) return {408, "request_timeout", "the request's headers took too long"};
  if (ec == http::error::header_limit) {
    return {431, "headers_too_large", "the request's headers are too large"};
  }
  if (ec == http::error::bad_version) {
    return {505, "http_version", "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  }
  return {400, "bad_request", "the request is not valid HTTP: " + ec.message()};
}

// Some clients end a body with a line break that belongs to no message (RFC 9112, 2.2).
void skip_empty_lines(boost::beast::flat_buffer& input) {
  const auto bytes = [&] {
    return std::string_view(static_cast<const char*>(input.data().data()), input.size());
  };
  while (bytes().starts_with("\r\n")) input.consume(2);
}

}  // namespace

Session::Session(Worker& worker, Socket socket, std::string client_address, std::uint16_t client_port)
    : worker_(worker),
      client_(std::move(socket), worker.streams()),
      client_address_(std::move(client_address)),
      client_port_(client_port) {
  worker_.shared().connections.fetch_add(1, std::memory_order_relaxed);
  worker_.shared().telemetry.live().connections.fetch_add(1, std::memory_order_relaxed);
}

Session::~Session() {
  worker_.forget(*this);
  worker_.shared().connections.fetch_sub(1, std::memory_order_relaxed);
  worker_.shared().telemetry.live().connections.fetch_sub(1, std::memory_order_relaxed);
}

Task<> Session::run() {
  const auto self = shared_from_this();
  bool more = true;
  while (more) more = co_await serve_one();
  client_.close();
}

Task<> Session::refuse() {
  const auto self = shared_from_this();
  // Named: GCC 12 destroys temporaries inside co_await twice.
  const GatewayError error{503, "too_many_connections", "too many connections are open", 1};
  co_await answer_bad_request(error);
  client_.close();
}

Task<bool> Session::serve_one() {
  RequestReader reader(static_cast<std::uint32_t>(worker_.shared().options.limits.header_bytes));
  SteadyNs first_byte = 0;
  if (!co_await read_head(reader, first_byte)) co_return false;
  Shared& shared = worker_.shared();
  shared.busy_sessions.fetch_add(1, std::memory_order_relaxed);
  bool keep_alive = false;
  bool must_linger = false;
  {
    Exchange exchange(worker_, *this, reader, first_byte);
    keep_alive = co_await exchange.run();
    must_linger = exchange.must_linger();
  }
  cancel_when_client_leaves(nullptr);
  shared.busy_sessions.fetch_sub(1, std::memory_order_relaxed);
  if (must_linger) co_await linger();
  co_return keep_alive && !shared.draining.load(std::memory_order_relaxed);
}

Task<bool> Session::read_head(RequestReader& reader, SteadyNs& first_byte) {
  const Limits& limits = worker_.shared().options.limits;
  error_code ec;
  skip_empty_lines(client_.input());
  while (client_.input().size() == 0) {
    idle_ = true;
    co_await client_.read(limits.idle_timeout_ms, ec);
    idle_ = false;
    if (ec) co_return false;
    skip_empty_lines(client_.input());
  }
  first_byte = now_steady();
  const SteadyNs deadline = first_byte + static_cast<SteadyNs>(limits.header_timeout_ms) * 1'000'000;
  for (;;) {
    feed(reader, client_.input(), ec);
    if (!ec && reader.is_header_done()) co_return true;
    if (!ec) {
      const auto left_ms = (deadline - now_steady()) / 1'000'000;
      co_await client_.read(static_cast<int>(std::max<SteadyNs>(left_ms, 1)), ec);
      if (ec == asio::error::eof || ec == asio::error::connection_reset) co_return false;
      if (ec == asio::error::operation_aborted) co_return false;
    }
    if (ec) {
      const GatewayError error = head_error(ec);
      co_await answer_bad_request(error);
      co_return false;
    }
  }
}

Task<> Session::answer_bad_request(const GatewayError& error) {
  std::string out;
  write_error_answer(error, Api::openai, {}, false, false, out);
  error_code ec;
  co_await client_.write(out, {}, kErrorWriteTimeoutMs, ec);
  if (!ec) co_await linger();
}

// Closing with unread input would reset the connection and could destroy the answer on its way: say that
// nothing more comes, and give the client a moment to read and close.
Task<> Session::linger() {
  constexpr int kRounds = 64;
  constexpr int kWaitMs = 1'000;
  error_code ec;
  client_.socket().shutdown(Socket::shutdown_send, ec);
  for (int round = 0; round < kRounds && !ec; ++round) {
    client_.input().consume(client_.input().size());
    co_await client_.read(kWaitMs, ec);
  }
}

void Session::look_for_client() {
  if (cancel_target_ == nullptr || watching_) return;
  cancel_if_client_left();
  if (!client_gone_) watch_client();
}

void Session::watch_client() {
  watching_ = true;
  client_.socket().async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& ec) {
    self->watching_ = false;
    if (!ec && self->cancel_target_ != nullptr) self->cancel_if_client_left();
  });
}

// Readable and not closed means a pipelined request. It waits its turn; if its client leaves, the next look
// or the next write finds out.
void Session::cancel_if_client_left() {
  if (!client_.peer_closed()) return;
  client_gone_ = true;
  cancel_target_->cancel();
}

void Session::close_if_idle() noexcept {
  if (idle_) client_.close();
}

void Session::abort() noexcept {
  client_gone_ = true;
  if (cancel_target_ != nullptr) cancel_target_->cancel();
  client_.close();
}

}  // namespace llt::gateway
