#include "views/connection.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>

#include "views/answers.h"
#include "views/assets.h"
#include "views/http_head.h"
#include "views/pictures.h"

namespace llt::views {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

asio::awaitable<void> Connection::run() {
  boost::system::error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  while (keep_alive_ && !context_.stopping) {
    if (!co_await read_request()) co_return;
    co_await dispatch();
    parser_.reset();
  }
  co_await linger();
}

asio::awaitable<bool> Connection::read_request() {
  const ConsoleLimits& limits = context_.options.limits;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  parser_->body_limit(limits.upload_bytes);  // a length in the head is held against it as soon as it is read
  if (buffer_.size() == 0) {
    // Waiting for a next request is idling; from its first byte on it has header_timeout to be complete.
    stream_.expires_after(std::chrono::milliseconds(limits.idle_timeout_ms));
    const auto [error, count] = co_await stream_.async_read_some(buffer_.prepare(4096), kTuple);
    if (error) co_return false;
    buffer_.commit(count);
  }
  stream_.expires_after(std::chrono::milliseconds(limits.header_timeout_ms));
  const auto [header_error, header_count] =
      co_await http::async_read_header(stream_, buffer_, *parser_, kTuple);
  if (header_error) co_return co_await refuse_broken(header_error);
  if (!takes_large_body()) {
    parser_->body_limit(limits.body_bytes);
    if (parser_->content_length().value_or(0) > limits.body_bytes)
      co_return co_await refuse_broken(make_error_code(http::error::body_limit));
  } else {
    stream_.expires_after(std::chrono::milliseconds(limits.upload_timeout_ms));
  }
  if (field(parser_->get(), http::field::expect) == "100-continue") {
    if (!co_await write("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
    stream_.expires_after(
        std::chrono::milliseconds(takes_large_body() ? limits.upload_timeout_ms : limits.header_timeout_ms));
  }
  const auto [error, count] = co_await http::async_read(stream_, buffer_, *parser_, kTuple);
  if (error) co_return co_await refuse_broken(error);
  message_ = &parser_->get();
  keep_alive_ = message_->keep_alive();
  co_return true;
}

// Edge lists are files; everything else that is sent here is small. Asked when the head is there: who has no
// key may not make us hold much.
bool Connection::takes_large_body() const {
  const auto& head = parser_->get();
  const auto target = Target::parse(view_of(head.target()));
  return target && route_of("POST", target->path).resource == Resource::graph_upload &&
         context_.access.key_allowed(field(head, http::field::authorization));
}

// What the client sent is not a request we can answer: say why, then close. Always false.
asio::awaitable<bool> Connection::refuse_broken(const boost::system::error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == beast::error::timeout || error == asio::error::connection_reset ||
      error == asio::error::operation_aborted) {
    co_return false;  // gone, or so slow that the stream has closed itself
  }
  keep_alive_ = false;
  message_ = nullptr;
  const Reply reply = error == http::error::header_limit || error == http::error::buffer_overflow
                          ? header_too_large_reply()
                      : error == http::error::body_limit ? body_too_large_reply()
                                                         : not_http_reply(error.message());
  co_await send(reply);
  co_await linger();
  co_return false;
}

std::optional<Reply> Connection::check(const Route& route) const {
  const std::string_view host = field(*message_, http::field::host);
  if (message_->count(http::field::host) > 1 || (host.empty() && message_->version() >= 11)) {
    return error_reply(400, {ErrorCode::invalid_argument, "the request has no single Host header", ""});
  }
  if (!host.empty() && !context_.access.host_allowed(host)) {
    return error_reply(
        421, {ErrorCode::permission_denied, "this console is not called '" + std::string(host) + "'",
              "open it by the address it listens on"});
  }
  if (!route.method_allowed) {
    Reply reply = error_reply(405, {ErrorCode::invalid_argument, "this method is not for this path", ""});
    reply.headers.emplace_back("Allow", route.allow);
    return reply;
  }
  if (message_->method() == http::verb::post &&
      !Access::origin_allowed(field(*message_, http::field::origin), host)) {
    return error_reply(403,
                       {ErrorCode::permission_denied, "a page of another site may not ask this console", ""});
  }
  if (route.needs_key && !context_.access.key_allowed(field(*message_, http::field::authorization))) {
    Reply reply = error_reply(401, {ErrorCode::permission_denied, "a key is needed",
                                    "send 'Authorization: Bearer KEY' with a key of --api-key-file"});
    reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    return reply;
  }
  return std::nullopt;
}

asio::awaitable<void> Connection::dispatch() {
  const auto target = Target::parse(view_of(message_->target()));
  if (!target) {
    const Reply reply = bad_target_reply();
    co_await send(reply);
    co_return;
  }
  const Route route = route_of(view_of(message_->method_string()), target->path);
  auto refusal = check(route);
  if (refusal) {
    co_await send(*refusal);
    co_return;
  }
  switch (route.resource) {
    case Resource::query:
      co_await answer_query();
      break;
    case Resource::live:
      co_await stream_live();
      break;
    case Resource::asset: {
      expect_trace(target->path);
      const Reply reply = asset_reply(target->path, field(*message_, http::field::accept_encoding),
                                      field(*message_, http::field::if_none_match));
      co_await send(reply);
      break;
    }
    default: {
      if (is_picture(route.resource)) {
        co_await answer_picture(route, *target);
        break;
      }
      Reply reply = co_await compute(route, *target);
      co_await send(reply);
    }
  }
}

namespace {

// A coroutine function rather than a lambda: its arguments live in its frame, on the pool's thread.
asio::awaitable<Reply> on_pool(Route route, Target target, ConsoleContext& context) {
  Reply reply = computed_reply(route, target, context.sources);
  co_return reply;
}

}  // namespace

asio::awaitable<Reply> Connection::compute(const Route& route, const Target& target) {
  return asio::co_spawn(context_.page_pool, on_pool(route, target, context_), asio::use_awaitable);
}

asio::awaitable<void> Connection::send(const Reply& reply) {
  HeadBuilder head(reply.status);
  const bool bodiless = reply.status == 304;
  const std::string_view content = bodiless ? std::string_view{} : reply.content();
  if (!bodiless)
    head.add("Content-Type", reply.content_type).add("Content-Length", std::to_string(content.size()));
  bool cached = false;
  for (const auto& [name, value] : reply.headers) {
    head.add(name, value);
    cached = cached || name == "Cache-Control";
  }
  if (!cached) head.add("Cache-Control", "no-store");
  const bool only_head = message_ != nullptr && message_->method() == http::verb::head;
  const std::string head_text = head.finish(keep_alive_);
  const bool written = co_await write(head_text, only_head ? std::string_view{} : content);
  keep_alive_ = keep_alive_ && written;
}

asio::awaitable<bool> Connection::write(std::string_view first, std::string_view second,
                                        std::string_view third) {
  // Each part gets the full time: what counts is that the reader takes something now and then.
  const std::array pieces{first, second, third};
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      stream_.expires_after(std::chrono::milliseconds(context_.options.limits.write_timeout_ms));
      const auto [error, count] = co_await stream_.async_write_some(asio::buffer(piece), kTuple);
      if (error) co_return false;
      piece.remove_prefix(count);
    }
  }
  stream_.expires_never();
  co_return true;
}

// Closing with unread bytes in the socket would reset the connection and could destroy our last answer
// before the client reads it, so what still comes is read and thrown away for a moment.
asio::awaitable<void> Connection::linger() {
  boost::system::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  std::array<char, 4096> scrap{};
  stream_.expires_after(std::chrono::seconds(1));
  for (int reads = 0; reads < 1024; ++reads) {
    const auto [error, count] = co_await stream_.async_read_some(asio::buffer(scrap), kTuple);
    if (error) break;
  }
}

asio::awaitable<void> serve(asio::ip::tcp::socket socket, ConsoleContext& context) {
  const auto connection = std::make_shared<Connection>(std::move(socket), context);
  co_await connection->run();
}

asio::awaitable<void> refuse(asio::ip::tcp::socket socket) {
  const Reply reply = too_many_reply(503, "too many connections", "5");
  HeadBuilder head(reply.status);
  head.add("Content-Type", reply.content_type).add("Content-Length", std::to_string(reply.body.size()));
  const std::string text = head.finish(false) + reply.body;
  co_await asio::async_write(socket, asio::buffer(text), kTuple);
}

}  // namespace llt::views
