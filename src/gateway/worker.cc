#include "gateway/worker.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <chrono>

#include "base/log.h"
#include "gateway/session.h"

namespace llt::gateway {
namespace {

using Tcp = asio::ip::tcp;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr auto kSweepInterval = std::chrono::milliseconds(50);

Error bind_error(const Endpoint& address, const error_code& ec) {
  const bool taken = ec == asio::error::address_in_use;
  return {taken ? ErrorCode::already_exists : ErrorCode::unavailable,
          "cannot listen on " + address.to_string() + ": " + ec.message(),
          taken ? "stop the other program or choose another address with --listen"
                : "choose an address of this machine with --listen"};
}

}  // namespace

Worker::~Worker() {
  // These hold sockets and timers of the context, which is destroyed before them.
  pool_.clear();
  acceptor_.reset();
  sweeper_.reset();
}

Result<Endpoint> Worker::listen(const Endpoint& address, bool reuse_port) {
  error_code ec;
  auto ip = asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, ec);
  if (ec) {
    return fail(ErrorCode::invalid_argument, "'" + address.host + "' is not an IP address",
                "for example --listen 127.0.0.1:8080");
  }
  const Tcp::endpoint endpoint(ip, address.port);
  acceptor_ = std::make_unique<TcpAcceptor>(context_);
  acceptor_->open(endpoint.protocol(), ec);
  if (!ec) acceptor_->set_option(TcpAcceptor::reuse_address(true), ec);
  if (!ec && reuse_port) acceptor_->set_option(ReusePort(true), ec);
  if (!ec) acceptor_->bind(endpoint, ec);
  if (!ec) acceptor_->listen(4096, ec);
  if (ec) return std::unexpected(bind_error(address, ec));
  const auto bound = acceptor_->local_endpoint(ec);
  return Endpoint{address.host, bound.port(), {}};
}

void Worker::run() {
  sweeper_ = std::make_unique<Timer>(context_);
  asio::co_spawn(context_.get_executor(), accept_loop(), asio::detached);
  sweep();
  context_.run();
}

Task<> Worker::accept_loop() {
  while (acceptor_->is_open()) {
    auto [ec, socket] = co_await acceptor_->async_accept(kUseTask);
    if (ec == asio::error::operation_aborted || !acceptor_->is_open()) co_return;
    if (ec) {
      // Out of file descriptors, mostly: wait for a connection to end instead of spinning.
      spdlog::warn("cannot accept a connection: {}", ec.message());
      Timer pause(context_, std::chrono::milliseconds(50));
      co_await pause.async_wait(kUseTask);
      continue;
    }
    admit(std::move(socket));
  }
}

void Worker::admit(TcpSocket socket) {
  error_code ec;
  socket.set_option(Tcp::no_delay(true), ec);
  const auto peer = socket.remote_endpoint(ec);
  if (ec) return;  // gone already
  const bool full =
      shared_.connections.load(std::memory_order_relaxed) >= shared_.options.limits.max_connections;
  const int handle = socket.release(ec);
  Socket generic(context_);
  generic.assign(peer.protocol(), handle, ec);
  auto session =
      std::make_shared<Session>(*this, std::move(generic), peer.address().to_string(), peer.port());
  sessions_.insert(session.get());
  asio::co_spawn(
      context_.get_executor(), [session, full] { return full ? session->refuse() : session->run(); },
      asio::detached);
}

// Ends the waits that have lasted too long, and watches the clients of requests that last.
void Worker::sweep() {
  const SteadyNs now = now_steady();
  for (auto it = streams_.begin(); it != streams_.end();) (it++)->check_deadline(now);
  for (Session* session : sessions_) session->look_for_client();
  pool_.close_unused(now);
  sweeper_->expires_after(kSweepInterval);
  sweeper_->async_wait([this](const error_code& ec) {
    if (!ec) sweep();
  });
}

void Worker::stop_accepting() {
  asio::post(context_, [this] {
    error_code ignored;
    if (acceptor_) acceptor_->close(ignored);
  });
}

void Worker::close_idle() {
  asio::post(context_, [this] {
    for (Session* session : sessions_) session->close_if_idle();
  });
}

void Worker::stop() {
  asio::post(context_, [this] {
    if (sweeper_) sweeper_->cancel();
    for (Session* session : sessions_) session->abort();
    pool_.clear();
    // Sessions end on their next step; what is left then is destroyed with the context.
    asio::post(context_, [this] { asio::post(context_, [this] { context_.stop(); }); });
  });
}

}  // namespace llt::gateway
