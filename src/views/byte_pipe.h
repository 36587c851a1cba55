#pragma once
// Bytes from a query thread to a connection. The producer blocks while the reader has not taken what is
// there already, so a slow reader costs bounded memory; closing the reader's end stops the producer.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"

namespace llt::views {

/// One producer thread, one consumer coroutine on `executor`. Held by shared_ptr on both sides.
class BytePipe : public std::enable_shared_from_this<BytePipe> {
 public:
  BytePipe(boost::asio::any_io_executor executor, std::size_t capacity);

  /// Producer: waits for room, then appends. False when the reader is gone: stop producing.
  bool write(std::string_view bytes);
  /// Producer, once: no more bytes will come, and why.
  void finish(Result<> outcome);
  /// Producer: requested when the reader is gone; for work that writes rarely.
  [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }

  /// Consumer: the bytes written since the last call; nullopt after the last of them.
  boost::asio::awaitable<std::optional<std::string>> read();
  /// Consumer: how the producer ended. Valid after read() gave nullopt.
  [[nodiscard]] Result<> outcome() const;
  /// Consumer: takes no more.
  void close();

 private:
  void wake_reader();

  const std::size_t capacity_;
  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer readable_;  ///< touched on executor_ only; cancelled to wake read()
  mutable std::mutex mutex_;
  std::condition_variable writable_;
  std::string bytes_;
  bool closed_ = false;
  bool finished_ = false;
  bool woken_ = false;  ///< a wake-up is on its way to executor_
  Result<> outcome_;
  std::stop_source stop_;
};

}  // namespace llt::views
