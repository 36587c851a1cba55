#pragma once
// One connection to the console: reads requests, answers them one after the other.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

namespace llt::views {

struct ConsoleContext;

/// Runs on the console's I/O thread only.
class Session {
 public:
  virtual ~Session() = default;
  /// Makes everything the connection waits for fail at once.
  virtual void abort() = 0;
};

/// Serves a connection until it ends. `context` outlives it.
[[nodiscard]] boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket,
                                                 ConsoleContext& context);

/// One answer for a connection beyond the limit, then the end.
[[nodiscard]] boost::asio::awaitable<void> refuse(boost::asio::ip::tcp::socket socket);

}  // namespace llt::views
