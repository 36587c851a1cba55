#include "receiver/http_session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "base/asio_tuple.h"
#include "receiver/limits.h"
#include "receiver/otlp_body.h"

namespace llt::receiver {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

std::string_view text(beast::string_view value) { return {value.data(), value.size()}; }

// What gRPC calls these statuses; google.rpc.Status carries it.
int grpc_code(http::status status) {
  constexpr int kInvalidArgument = 3, kNotFound = 5, kPermissionDenied = 7, kResourceExhausted = 8,
                kUnimplemented = 12, kUnavailable = 14, kUnauthenticated = 16;
  switch (status) {
    case http::status::unauthorized:
      return kUnauthenticated;
    case http::status::forbidden:
      return kPermissionDenied;
    case http::status::not_found:
      return kNotFound;
    case http::status::method_not_allowed:
      return kUnimplemented;
    case http::status::payload_too_large:
      return kResourceExhausted;
    case http::status::service_unavailable:
      return kUnavailable;
    default:
      return kInvalidArgument;
  }
}

Response answer(http::status status, Encoding encoding, std::string body) {
  Response response(status, 11);
  const std::string_view type = content_type_of(encoding);
  response.set(http::field::content_type, {type.data(), type.size()});
  response.body() = std::move(body);
  return response;
}

Response refusal(http::status status, Encoding encoding, const std::string& message) {
  return answer(status, encoding, status_body(encoding, grpc_code(status), message));
}

Response refusal(const Error& error, Encoding encoding) {
  if (error.code == ErrorCode::resource_exhausted) {
    return refusal(http::status::payload_too_large, encoding, error.to_string());
  }
  if (error.code != ErrorCode::unavailable)
    return refusal(http::status::bad_request, encoding, error.to_string());
  Response response = refusal(http::status::service_unavailable, encoding, error.to_string());
  response.set(http::field::retry_after, "1");
  return response;
}

std::optional<Signal> signal_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/v1/traces") return Signal::traces;
  if (path == "/v1/metrics") return Signal::metrics;
  if (path == "/v1/logs") return Signal::logs;
  return std::nullopt;
}

Result<Accepted> taken(Signal signal, const Body& body, Intake& intake) {
  if (signal == Signal::traces) {
    auto request = parse_traces(body, kUnpackedBytes);
    if (!request) return std::unexpected(std::move(request.error()));
    return intake.take(*request);
  }
  const auto records = count_records(signal, body, kUnpackedBytes);
  if (!records) return std::unexpected(records.error());
  return intake.ignore(*records, signal == Signal::metrics ? "metrics" : "logs");
}

// Decided from the head alone: nothing when the body may be looked at.
std::optional<Response> refused(const Request& request, const Intake& intake, Encoding encoding) {
  if (!signal_of(text(request.target()))) {
    return refusal(http::status::not_found, encoding,
                   "OTLP is received at /v1/traces, /v1/metrics and /v1/logs");
  }
  if (request.method() != http::verb::post) {
    Response response = refusal(http::status::method_not_allowed, encoding, "send a POST");
    response.set(http::field::allow, "POST");
    return response;
  }
  if (request.count(http::field::origin) > 0) {
    return refusal(http::status::forbidden, encoding, "pages in browsers are not served here");
  }
  if (!intake.key_allowed(text(request[http::field::authorization]))) {
    Response response = refusal(http::status::unauthorized, encoding, "send 'Authorization: Bearer KEY'");
    response.set(http::field::www_authenticate, "Bearer");
    return response;
  }
  if (!encoding_of(text(request[http::field::content_type]))) {
    return refusal(http::status::unsupported_media_type, encoding,
                   "the Content-Type is neither application/x-protobuf nor application/json");
  }
  return std::nullopt;
}

Response answer_to(const Request& request, Intake& intake) {
  const Encoding encoding = encoding_of(text(request[http::field::content_type])).value_or(Encoding::json);
  if (auto response = refused(request, intake, encoding)) return std::move(*response);
  const Signal signal = *signal_of(text(request.target()));
  const Body body{request.body(), encoding, text(request[http::field::content_encoding])};
  const auto accepted = taken(signal, body, intake);
  if (!accepted) return refusal(accepted.error(), encoding);
  return answer(http::status::ok, encoding,
                accepted_body(signal, encoding, accepted->rejected, accepted->reason));
}

// A coroutine function rather than a lambda: its arguments live in its frame, on the pool's thread.
asio::awaitable<Response> on_pool(const Request& request, Intake& intake) {
  Response response = answer_to(request, intake);
  co_return response;
}

class Session {
 public:
  Session(asio::ip::tcp::socket socket, Intake& intake, asio::thread_pool& storing)
      : stream_(std::move(socket)), intake_(intake), storing_(storing) {}

  asio::awaitable<void> run() {
    while (co_await read()) {
      const bool keep_alive = parser_->get().keep_alive();
      Response response =
          co_await asio::co_spawn(storing_, on_pool(parser_->get(), intake_), asio::use_awaitable);
      if (!co_await write(response, keep_alive) || !keep_alive) break;
    }
    boost::system::error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }

 private:
  // False when the sender left or was answered that it cannot be understood.
  asio::awaitable<bool> read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytes);
    parser_->body_limit(kBodyBytes);
    stream_.expires_after(std::chrono::milliseconds(kIdleMs));
    const auto [head_error, head_bytes] =
        co_await http::async_read_header(stream_, buffer_, *parser_, kTuple);
    if (head_error) co_return co_await refuse(head_error);
    stream_.expires_after(std::chrono::milliseconds(kTransferMs));
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      Response go_on(http::status::continue_, 11);
      if (!co_await write(go_on, true)) co_return false;
    }
    const auto [error, bytes] = co_await http::async_read(stream_, buffer_, *parser_, kTuple);
    if (error) co_return co_await refuse(error);
    co_return true;
  }

  asio::awaitable<bool> refuse(boost::system::error_code error) {
    const bool too_large = error == http::error::body_limit || error == http::error::header_limit;
    const bool not_http = error.category() == http::make_error_code(http::error::bad_method).category() &&
                          error != http::error::end_of_stream && error != http::error::partial_message;
    if (too_large || not_http) {
      Response response =
          refusal(too_large ? http::status::payload_too_large : http::status::bad_request, Encoding::json,
                  too_large ? "the request is larger than 16 MiB; send fewer spans in one" : error.message());
      co_await write(response, false);
    }
    co_return false;
  }

  asio::awaitable<bool> write(Response& response, bool keep_alive) {
    response.keep_alive(keep_alive);
    if (response.result() != http::status::continue_) response.prepare_payload();
    stream_.expires_after(std::chrono::milliseconds(kTransferMs));
    const auto [error, bytes] = co_await http::async_write(stream_, response, kTuple);
    co_return !error;
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Intake& intake_;
  asio::thread_pool& storing_;
};

}  // namespace

asio::awaitable<void> serve(asio::ip::tcp::socket socket, Intake& intake, asio::thread_pool& storing) {
  Session session(std::move(socket), intake, storing);
  co_await session.run();
}

}  // namespace llt::receiver
