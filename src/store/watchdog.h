#pragma once
// Interrupts queries that run too long, and all of them when the store closes.

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "store/handles.h"

namespace llt::store {

/// One thread for all queries of a store. Thread-safe.
class Watchdog {
 public:
  Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  /// Watches a connection as long as it lives; it must not outlive the connection.
  class Guard {
   public:
    Guard(Watchdog& watchdog, duckdb_connection connection, int timeout_ms);
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();
    /// Why the connection was interrupted, if it was.
    [[nodiscard]] bool timed_out() const;
    [[nodiscard]] bool cancelled() const;
    [[nodiscard]] bool stopped() const;
    /// Interrupts this query: who asked for it wants it no more. Any thread.
    void stop();

   private:
    Watchdog& watchdog_;
    duckdb_connection connection_;
  };

  /// Interrupts every query that is running now.
  void cancel_all();

 private:
  struct Watch {
    SteadyNs deadline = 0;  ///< 0 = none
    bool timed_out = false;
    bool cancelled = false;
    bool stopped = false;
  };

  void run();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<duckdb_connection, Watch> watches_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace llt::store
