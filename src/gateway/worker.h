#pragma once
// One gateway thread: its event loop, listening socket, sessions and upstream connections. Threads share
// only atomics, and the kernel spreads connections over them (SO_REUSEPORT).

#include <atomic>
#include <memory>
#include <unordered_set>

#include "gateway/gateway.h"
#include "gateway/net.h"
#include "gateway/upstream_pool.h"

namespace llt::gateway {

class Session;

/// What every session of every thread may use.
struct Shared {
  const Options& options;
  UpstreamSet& upstreams;
  telemetry::Telemetry& telemetry;
  std::atomic<int> connections{0};
  std::atomic<int> in_flight{0};      ///< inference requests
  std::atomic<int> busy_sessions{0};  ///< sessions in the middle of a request
  std::atomic<bool> draining{false};
};

class Worker {
 public:
  explicit Worker(Shared& shared) : shared_(shared), pool_(context_, streams_) {}
  Worker(const Worker&) = delete;
  ~Worker();

  /// Binds; `reuse_port` lets several workers share the address.
  Result<Endpoint> listen(const Endpoint& address, bool reuse_port);
  /// Runs the event loop until stop(). The calling thread becomes the gateway thread.
  void run();

  /// From any thread.
  void stop_accepting();
  void close_idle();
  void stop();

  // For sessions, on this thread.
  [[nodiscard]] Shared& shared() noexcept { return shared_; }
  [[nodiscard]] UpstreamPool& pool() noexcept { return pool_; }
  [[nodiscard]] StreamList& streams() noexcept { return streams_; }
  [[nodiscard]] asio::io_context& context() noexcept { return context_; }
  void forget(Session& session) { sessions_.erase(&session); }

 private:
  Task<> accept_loop();
  void admit(TcpSocket socket);
  void sweep();

  Shared& shared_;
  StreamList streams_;
  UpstreamPool pool_;
  std::unordered_set<Session*> sessions_;
  std::unique_ptr<TcpAcceptor> acceptor_;
  std::unique_ptr<Timer> sweeper_;
  /// Last, so that it is destroyed first: with it go the sessions left, which use everything above.
  asio::io_context context_{1};
};

}  // namespace llt::gateway
