#pragma once
// One request and its answer over a connection that is kept.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/endpoint.h"
#include "load/chat_stream.h"

namespace llt::load {

/// What became of one request.
struct Sample {
  SteadyNs due = 0;  ///< when it was to be sent
  SteadyNs sent = 0;
  SteadyNs end = 0;  ///< last byte, or failure
  int status = 0;    ///< 0: no answer
  ChatAnswer answer;
  std::string error;  ///< a few words by which failures are grouped; empty when it succeeded
};

/// Where and as whom.
struct Target {
  BaseUrl url;
  std::string api_key;
  SteadyNs timeout_ns = 0;  ///< of a whole request
};

/// Used by one coroutine at a time.
class Client {
 public:
  Client(boost::asio::io_context& io, const Target& target) : io_(io), target_(target) {}
  /// Sends one chat request, on a new connection when there is none; never throws.
  [[nodiscard]] boost::asio::awaitable<Sample> ask(const std::string& body, SteadyNs due);
  /// Makes ask() end at once.
  void abort();

 private:
  boost::asio::awaitable<bool> connect(Sample& sample);
  boost::asio::awaitable<bool> read_answer(Sample& sample);

  boost::asio::io_context& io_;
  const Target& target_;
  std::optional<boost::beast::tcp_stream> stream_;  ///< empty: not connected
  boost::beast::flat_buffer buffer_;
};

}  // namespace llt::load
