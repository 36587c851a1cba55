#pragma once
// A connection's state and steps. connection.cc reads, checks and answers; connection_streams.cc holds the
// answers that are sent while they are made: queries and the live stream.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/asio_tuple.h"
#include "views/byte_pipe.h"
#include "views/console_context.h"
#include "views/reply.h"
#include "views/router.h"
#include "views/session.h"
#include "views/target.h"

namespace llt::views {

/// A header's value; empty when it is absent.
template <class Name>
[[nodiscard]] std::string_view field(
    const boost::beast::http::request<boost::beast::http::string_body>& message, Name name) {
  const auto value = message[name];
  return {value.data(), value.size()};
}

class Connection final : public Session, public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ConsoleContext& context)
      : stream_(std::move(socket)), context_(context) {
    context_.sessions.insert(this);
  }
  ~Connection() override { context_.sessions.erase(this); }

  void abort() override {
    stream_.close();
    if (stops_ != nullptr) stops_->request_stop();
  }

  boost::asio::awaitable<void> run();

 private:
  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<bool> refuse_broken(const boost::system::error_code& error);
  boost::asio::awaitable<void> dispatch();
  [[nodiscard]] bool takes_large_body() const;
  [[nodiscard]] std::optional<Reply> check(const Route& route) const;
  boost::asio::awaitable<Reply> compute(const Route& route, const Target& target);
  boost::asio::awaitable<void> answer_query();
  void expect_trace(std::string_view path);
  boost::asio::awaitable<void> answer_picture(const Route& route, const Target& target);
  boost::asio::awaitable<void> send_pieces(BytePipe& pipe, std::optional<std::string>& first,
                                           std::string_view content_type);
  boost::asio::awaitable<void> stream_live();
  boost::asio::awaitable<void> send_frames(boost::asio::steady_timer& news, const bool& gone);
  // Arguments of coroutines are named objects throughout this file: GCC 12 copies some temporaries of a
  // co_await expression byte by byte and then destroys both.
  boost::asio::awaitable<void> send(const Reply& reply);
  boost::asio::awaitable<bool> write(std::string_view first, std::string_view second = {},
                                     std::string_view third = {});
  boost::asio::awaitable<void> linger();
  void when_gone(std::function<void()> action);

  boost::beast::tcp_stream stream_;
  ConsoleContext& context_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  const boost::beast::http::request<boost::beast::http::string_body>* message_ =
      nullptr;  ///< the request being answered
  bool keep_alive_ = true;
  std::stop_source* stops_ = nullptr;  ///< of what is being computed for this connection
};

}  // namespace llt::views
