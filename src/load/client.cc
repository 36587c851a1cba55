#include "load/client.h"

#include <boost/beast/core/error.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <limits>

#include "base/asio_tuple.h"

namespace llt::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::size_t kLongestErrorBody = 64 * 1024;

std::string words(const boost::system::error_code& error) {
  if (error == beast::error::timeout) return "timeout";
  if (error == http::error::end_of_stream || error == http::error::partial_message)
    return "connection closed early";
  return error.message();
}

http::request<http::string_body> request_of(const Target& target, const std::string& body) {
  http::request<http::string_body> request(http::verb::post, target.url.prefix + "/v1/chat/completions", 11);
  request.set(http::field::host, target.url.endpoint.to_string());
  request.set(http::field::content_type, "application/json");
  request.set(http::field::accept, "text/event-stream");
  if (!target.api_key.empty()) request.set(http::field::authorization, "Bearer " + target.api_key);
  request.body() = body;
  request.prepare_payload();
  return request;
}

std::string verdict(const Sample& sample) {
  if (sample.status != 200) return "HTTP " + std::to_string(sample.status);
  if (!sample.answer.error.empty()) return "error in the stream";
  return sample.answer.complete ? "" : "stream without an end";
}

}  // namespace

asio::awaitable<bool> Client::connect(Sample& sample) {
  if (stream_) co_return true;
  asio::ip::tcp::resolver resolver(io_);
  const auto [unresolved, found] = co_await resolver.async_resolve(
      target_.url.endpoint.host, std::to_string(target_.url.endpoint.port), kTuple);
  if (unresolved) {
    sample.error = words(unresolved);
    co_return false;
  }
  stream_.emplace(io_);
  buffer_.clear();
  stream_->expires_after(std::chrono::nanoseconds(target_.timeout_ns));
  const auto [failed, endpoint] = co_await stream_->async_connect(found, kTuple);
  if (failed) {
    sample.error = words(failed);
    stream_.reset();
    co_return false;
  }
  boost::system::error_code ignored;
  stream_->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  co_return true;
}

// False when the connection cannot be used again.
asio::awaitable<bool> Client::read_answer(Sample& sample) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  ChatStream chat;
  while (!parser.is_done()) {
    const auto [failed, bytes] = co_await http::async_read_some(*stream_, buffer_, parser, kTuple);
    const SteadyNs now = now_steady();
    if (parser.is_header_done()) sample.status = static_cast<int>(parser.get().result_int());
    std::string& body = parser.get().body();
    if (sample.status == 200) {
      chat.feed(body, now);
      body.clear();
    } else if (body.size() > kLongestErrorBody) {
      body.clear();
    }
    if (failed) {
      sample.answer = chat.answer();
      sample.error = words(failed);
      co_return false;
    }
  }
  sample.answer = chat.answer();
  sample.error = verdict(sample);
  co_return parser.get().keep_alive();
}

asio::awaitable<Sample> Client::ask(const std::string& body, SteadyNs due) {
  Sample sample;
  sample.due = due;
  const auto request = request_of(target_, body);
  const bool kept = stream_.has_value();
  for (bool again = kept;; again = false) {
    sample.error.clear();
    sample.sent = now_steady();
    bool usable = co_await connect(sample);
    if (usable) {
      stream_->expires_after(std::chrono::nanoseconds(target_.timeout_ns));
      const auto [unsent, count] = co_await http::async_write(*stream_, request, kTuple);
      if (unsent) sample.error = words(unsent);
      usable = !unsent && co_await read_answer(sample);
    }
    if (!usable) stream_.reset();
    // A server may close a connection between two requests; then this one was not seen.
    if (!again || sample.error.empty() || sample.status != 0) break;
  }
  sample.end = now_steady();
  co_return sample;
}

void Client::abort() {
  if (stream_) stream_->cancel();
}

}  // namespace llt::load
