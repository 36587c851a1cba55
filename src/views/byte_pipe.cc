#include "views/byte_pipe.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace llt::views {
namespace asio = boost::asio;

BytePipe::BytePipe(asio::any_io_executor executor, std::size_t capacity)
    : capacity_(capacity), executor_(std::move(executor)), readable_(executor_) {}

bool BytePipe::write(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  writable_.wait(lock, [&] { return closed_ || bytes_.size() < capacity_; });
  if (closed_) return false;
  bytes_.append(bytes);
  wake_reader();
  return true;
}

void BytePipe::finish(Result<> outcome) {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  outcome_ = std::move(outcome);
  wake_reader();
}

void BytePipe::wake_reader() {
  if (std::exchange(woken_, true)) return;
  asio::post(executor_, [self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->woken_ = false;
    }
    self->readable_.cancel();
  });
}

asio::awaitable<std::optional<std::string>> BytePipe::read() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (!bytes_.empty()) {
        std::optional<std::string> taken(std::exchange(bytes_, {}));
        writable_.notify_one();
        co_return taken;
      }
      if (finished_ || closed_) co_return std::nullopt;
    }
    // Nothing can slip in between: write() wakes us through executor_, which is running this coroutine.
    readable_.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code cancelled;
    co_await readable_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

Result<> BytePipe::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

void BytePipe::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    writable_.notify_all();
    wake_reader();
  }
  stop_.request_stop();
}

}  // namespace llt::views
