#include "receiver/http_receiver.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <thread>

#include "base/asio_tuple.h"
#include "base/thread_name.h"
#include "receiver/http_session.h"
#include "receiver/limits.h"

namespace llt::receiver {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
class HttpServer final : public HttpReceiver {
 public:
  explicit HttpServer(Intake& intake) : intake_(intake), acceptor_(io_), storing_(kStoring) {}

  ~HttpServer() override {
    storing_.join();  // what is being stored is stored; its answers are not sent any more
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<> start(const Endpoint& listen) {
    boost::system::error_code error;
    Tcp::resolver resolver(io_);
    const auto found =
        resolver.resolve(listen.host, std::to_string(listen.port), Tcp::resolver::passive, error);
    if (error || found.empty()) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not an address of this machine", listen.host),
                  "use 127.0.0.1:4318, for example");
    }
    const Tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return fail(ErrorCode::already_exists,
                  fmt::format("OTLP over HTTP cannot listen on {}: {}", listen.to_string(), error.message()),
                  "choose another address with --otlp-http ADDR:PORT, or off");
    }
    bound_ = {listen.host, acceptor_.local_endpoint().port(), {}};
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] {
      name_this_thread("otlp-http");
      io_.run();
    });
    return {};
  }

  [[nodiscard]] Endpoint address() const override { return bound_; }

 private:
  asio::awaitable<void> accept() {
    constexpr auto kPause = std::chrono::milliseconds(50);
    for (;;) {
      // Beyond the limit senders wait in the kernel's queue.
      if (connections_ >= kConnections) {
        asio::steady_timer pause(io_, kPause);
        co_await pause.async_wait(kTuple);
        continue;
      }
      auto [error, socket] = co_await acceptor_.async_accept(kTuple);
      if (error) {  // out of descriptors, most likely
        asio::steady_timer pause(io_, kPause);
        co_await pause.async_wait(kTuple);
        continue;
      }
      ++connections_;
      asio::co_spawn(io_, serve(std::move(socket), intake_, storing_),
                     [this](const std::exception_ptr&) { --connections_; });
    }
  }

  Intake& intake_;
  asio::io_context io_;
  Tcp::acceptor acceptor_;
  asio::thread_pool storing_;
  int connections_ = 0;  ///< the I/O thread's own
  Endpoint bound_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpReceiver>> HttpReceiver::start(const Endpoint& listen, Intake& intake) {
  auto server = std::make_unique<HttpServer>(intake);
  if (auto started = server->start(listen); !started) return std::unexpected(started.error());
  return server;
}

}  // namespace llt::receiver
