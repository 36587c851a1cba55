#include "views/console.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <thread>
#include <vector>

#include "base/asio_tuple.h"
#include "base/log.h"
#include "base/thread_name.h"
#include "views/console_context.h"
#include "views/session.h"

namespace llt::views {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
Result<Tcp::endpoint> resolve(asio::io_context& io, const Endpoint& listen) {
  if (listen.is_unix()) {
    return fail(ErrorCode::invalid_argument, "the console cannot listen on " + listen.to_string(),
                "give an ADDR:PORT that a browser can open");
  }
  boost::system::error_code error;
  Tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(listen.host, std::to_string(listen.port), Tcp::resolver::passive, error);
  if (error || found.empty()) {
    return fail(ErrorCode::invalid_argument, "'" + listen.host + "' is not an address of this machine",
                "use 127.0.0.1:8081, for example");
  }
  return found.begin()->endpoint();
}

Result<Tcp::acceptor> bind(asio::io_context& io, const Endpoint& listen) {
  auto endpoint = resolve(io, listen);
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  Tcp::acceptor acceptor(io);
  boost::system::error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return acceptor;
  const std::string message = "the console cannot listen on " + listen.to_string() + ": " + error.message();
  if (error == asio::error::address_in_use) {
    return fail(ErrorCode::already_exists, message, "choose another address with --console ADDR:PORT");
  }
  if (error == asio::error::access_denied) {
    return fail(ErrorCode::permission_denied, message,
                "ports below 1024 need rights; use --console ADDR:PORT");
  }
  return fail(ErrorCode::unavailable, message, "choose another address with --console ADDR:PORT");
}

class ConsoleServer final : public Console {
 public:
  ConsoleServer(const ConsoleOptions& options, Sources sources, Tcp::acceptor acceptor, Endpoint bound,
                std::unique_ptr<asio::io_context> io)
      : bound_(std::move(bound)),
        io_(std::move(io)),
        acceptor_(std::move(acceptor)),
        page_pool_(2),  // a heat map of millions does not hold a trace up

        query_pool_(static_cast<std::size_t>(options.limits.query_threads)),
        picture_pool_(1),
        sketch_pool_(1),
        graph_pool_(1),
        feed_({.history_seconds = options.history_seconds}, *sources.reader, sources.live,
              [this] { asio::post(*io_, [this] { wake_viewers(); }); }),
        context_{.options = options,
                 .sources = std::move(sources),
                 .access = Access(bound_, options.allowed_hosts, options.api_keys),
                 .io = *io_,
                 .page_pool = page_pool_,
                 .query_pool = query_pool_,
                 .picture_pool = picture_pool_,
                 .sketch_pool = sketch_pool_,
                 .graph_pool = graph_pool_,
                 .pictures = pictures_,
                 .feed = feed_},
        pictures_(context_.sources),
        work_(io_->get_executor()) {
    asio::co_spawn(*io_, accept(), asio::detached);
    thread_ = std::thread([this] {
      name_this_thread("console");
      io_->run();
    });
  }

  ~ConsoleServer() override { stop(); }

  [[nodiscard]] Endpoint address() const override { return bound_; }

  void stop() override {
    if (!thread_.joinable()) return;
    asio::post(*io_, [this] { close_all(); });
    feed_.stop();
    // Running queries have been told to stop by their connections; the pools end when they have.
    work_.reset();
    thread_.join();
    query_pool_.join();
    picture_pool_.join();
    sketch_pool_.join();
    graph_pool_.join();
    page_pool_.join();
  }

 private:
  asio::awaitable<void> accept();
  asio::awaitable<void> serve_counted(Tcp::socket socket);

  void wake_viewers() {
    for (asio::steady_timer* viewer : context_.viewers) viewer->cancel();
  }

  void close_all() {
    context_.stopping = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (Session* session : std::vector<Session*>(context_.sessions.begin(), context_.sessions.end())) {
      session->abort();
    }
    wake_viewers();
  }

  const Endpoint bound_;
  std::unique_ptr<asio::io_context> io_;
  Tcp::acceptor acceptor_;
  asio::thread_pool page_pool_, query_pool_, picture_pool_, sketch_pool_, graph_pool_;
  LiveFeed feed_;
  ConsoleContext context_;
  Pictures pictures_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

asio::awaitable<void> ConsoleServer::accept() {
  asio::steady_timer pause(*io_);
  while (!context_.stopping) {
    auto [error, socket] = co_await acceptor_.async_accept(kTuple);
    if (context_.stopping) co_return;
    if (error) {
      // Out of descriptors, most likely: they come back when others close theirs.
      pause.expires_after(std::chrono::milliseconds(50));
      co_await pause.async_wait(kTuple);
      continue;
    }
    const bool full =
        context_.sessions.size() >= static_cast<std::size_t>(context_.options.limits.max_connections);
    asio::co_spawn(*io_, full ? refuse(std::move(socket)) : serve_counted(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> ConsoleServer::serve_counted(Tcp::socket socket) {
  try {
    co_await serve(std::move(socket), context_);
  } catch (const std::exception& error) {
    spdlog::error("console: a connection failed: {}", error.what());
  }
}

}  // namespace

Result<std::unique_ptr<Console>> Console::start(const ConsoleOptions& options, Sources sources) {
  LLT_CHECK(sources.reader != nullptr && sources.live && sources.status_json && sources.prometheus_text);
  auto io = std::make_unique<asio::io_context>(1);
  auto acceptor = bind(*io, options.listen);
  if (!acceptor) return std::unexpected(std::move(acceptor.error()));
  Endpoint bound = options.listen;
  bound.port = acceptor->local_endpoint().port();
  return std::make_unique<ConsoleServer>(options, std::move(sources), std::move(*acceptor), std::move(bound),
                                         std::move(io));
}

}  // namespace llt::views
