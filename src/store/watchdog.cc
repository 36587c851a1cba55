#include "store/watchdog.h"

#include <algorithm>
#include <chrono>

namespace llt::store {
namespace {

// DuckDB forgets an interrupt that arrives between two steps of a query, so it is repeated.
constexpr SteadyNs kRepeatNs = 20'000'000;
constexpr SteadyNs kIdleNs = 3'600'000'000'000;

}  // namespace

Watchdog::Watchdog() : thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const SteadyNs now = now_steady();
    SteadyNs next = now + kIdleNs;
    for (auto& [connection, watch] : watches_) {
      if (watch.deadline != 0 && now >= watch.deadline) watch.timed_out = true;
      if (watch.timed_out || watch.cancelled || watch.stopped) {
        duckdb_interrupt(connection);
        next = std::min(next, now + kRepeatNs);
      } else if (watch.deadline != 0) {
        next = std::min(next, watch.deadline);
      }
    }
    // The system clock only bounds the sleep; deadlines are on the monotonic one.
    changed_.wait_for(lock, std::chrono::nanoseconds(next - now));
  }
}

void Watchdog::cancel_all() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [connection, watch] : watches_) watch.cancelled = true;
  }
  changed_.notify_all();
}

Watchdog::Guard::Guard(Watchdog& watchdog, duckdb_connection connection, int timeout_ms)
    : watchdog_(watchdog), connection_(connection) {
  Watch watch;
  if (timeout_ms > 0) watch.deadline = now_steady() + timeout_ms * SteadyNs{1'000'000};
  {
    const std::lock_guard lock(watchdog_.mutex_);
    watchdog_.watches_[connection] = watch;
  }
  watchdog_.changed_.notify_all();
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.watches_.erase(connection_);
}

bool Watchdog::Guard::timed_out() const {
  const std::lock_guard lock(watchdog_.mutex_);
  return watchdog_.watches_.at(connection_).timed_out;
}

bool Watchdog::Guard::cancelled() const {
  const std::lock_guard lock(watchdog_.mutex_);
  return watchdog_.watches_.at(connection_).cancelled;
}

bool Watchdog::Guard::stopped() const {
  const std::lock_guard lock(watchdog_.mutex_);
  return watchdog_.watches_.at(connection_).stopped;
}

void Watchdog::Guard::stop() {
  {
    const std::lock_guard lock(watchdog_.mutex_);
    watchdog_.watches_.at(connection_).stopped = true;
  }
  watchdog_.changed_.notify_all();
}

}  // namespace llt::store
