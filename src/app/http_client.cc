#include "app/http_client.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <utility>

namespace llt::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::size_t kMaxErrorBodyBytes = 1024 * 1024;

// One connection. Beast's timeouts exist for asynchronous operations only, so each step starts one and runs
// the loop until it is done.
class Exchange {
 public:
  Exchange(const Endpoint& server, const std::string& peer) : server_(server), peer_(peer), stream_(io_) {}

  Result<HttpAnswer> run(const HttpRequest& request, const BodySink& sink) {
    if (const error_code ec = connect(request.connect_timeout_ms)) return failure("connect to", ec);
    if (const error_code ec = send(request)) return failure("send to", ec);
    return receive(request.silence_timeout_ms, sink);
  }

 private:
  template <class Start>
  error_code step(int timeout_ms, Start start) {
    error_code result = asio::error::operation_aborted;
    stream_.expires_after(std::chrono::milliseconds(timeout_ms));
    start([&result](error_code ec, auto&&...) { result = ec; });
    io_.restart();
    io_.run();
    return result;
  }

  error_code connect(int timeout_ms) {
    error_code ec;
    asio::ip::tcp::resolver resolver(io_);
    const auto found = resolver.resolve(server_.host, std::to_string(server_.port), ec);
    if (ec) return ec;
    return step(timeout_ms, [&](auto done) { stream_.async_connect(found, done); });
  }

  error_code send(const HttpRequest& request) {
    http::request<http::string_body> message;
    message.method_string(request.method);
    message.target(request.target);
    message.version(11);
    message.set(http::field::host, server_.to_string());
    message.set(http::field::connection, "close");
    if (!request.api_key.empty()) message.set(http::field::authorization, "Bearer " + request.api_key);
    if (!request.body.empty()) message.set(http::field::content_type, "application/json");
    message.body() = request.body;
    message.prepare_payload();
    return step(request.silence_timeout_ms, [&](auto done) { http::async_write(stream_, message, done); });
  }

  Result<HttpAnswer> receive(int timeout_ms, const BodySink& sink) {
    beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    error_code ec =
        step(timeout_ms, [&](auto done) { http::async_read_header(stream_, buffer, parser, done); });
    if (ec) return failure("read from", ec);
    HttpAnswer answer{static_cast<int>(parser.get().result_int()), {}};
    std::array<char, kPieceBytes> piece{};
    while (!parser.is_done()) {
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      ec = step(timeout_ms, [&](auto done) { http::async_read_some(stream_, buffer, parser, done); });
      if (ec && ec != http::error::need_buffer) return failure("read from", ec);
      const std::string_view got(piece.data(), piece.size() - parser.get().body().size);
      if (got.empty()) continue;
      if (answer.status != 200) {
        if (answer.body.size() + got.size() <= kMaxErrorBodyBytes) answer.body += got;
      } else if (!sink(got)) {
        return fail(ErrorCode::unavailable, "the output was closed");
      }
    }
    return answer;
  }

  std::unexpected<Error> failure(std::string_view action, const error_code& ec) const {
    const bool late = ec == beast::error::timeout;
    const ErrorCode code = late ? ErrorCode::timeout
                           : ec.category() == http::make_error_code(http::error::bad_version).category() &&
                                   ec != http::error::end_of_stream && ec != http::error::partial_message
                               ? ErrorCode::data_loss
                               : ErrorCode::unavailable;
    return fail(code,
                fmt::format("cannot {} {} at {}: {}", action, peer_, server_.to_string(), ec.message()));
  }

  const Endpoint& server_;
  const std::string& peer_;
  asio::io_context io_;
  beast::tcp_stream stream_;
};

}  // namespace

Result<HttpAnswer> http_exchange(const Endpoint& server, const HttpRequest& request, const BodySink& sink) {
  try {
    return Exchange(server, request.peer).run(request, sink);
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("cannot ask {}: {}", request.peer, error.what()));
  }
}

}  // namespace llt::app
