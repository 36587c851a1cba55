#include "gateway/upstream_pool.h"

#include <sys/socket.h>

#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace llt::gateway {
namespace {

using Tcp = asio::ip::tcp;
using Resolver = asio::ip::basic_resolver<Tcp, Executor>;

}  // namespace

std::unique_ptr<UpstreamConnection> UpstreamPool::take_idle(const Upstream& upstream) {
  const auto it = idle_.find(&upstream);
  if (it == idle_.end()) return nullptr;
  auto& connections = it->second;
  while (!connections.empty()) {
    auto connection = std::move(connections.back());
    connections.pop_back();
    // Unread input on an idle connection would be taken for the next answer.
    char byte = 0;
    const auto received =
        ::recv(connection->stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      connection->reused = true;
      return connection;
    }
  }
  return nullptr;
}

Task<std::unique_ptr<UpstreamConnection>> UpstreamPool::connect(const Upstream& upstream, int timeout_ms,
                                                                error_code& ec) {
  auto connection = std::make_unique<UpstreamConnection>(Socket(context_), watched_);
  const Endpoint& endpoint = upstream.url().endpoint;
  if (endpoint.is_unix()) {
    const asio::local::stream_protocol::endpoint address(endpoint.unix_path);
    co_await connection->stream.connect(address, asio::local::stream_protocol(), timeout_ms, ec);
  } else {
    co_await connect_tcp(endpoint, timeout_ms, connection->stream, ec);
  }
  if (ec) co_return nullptr;
  co_return connection;
}

Task<> UpstreamPool::connect_tcp(const Endpoint& endpoint, int timeout_ms, Stream& stream, error_code& ec) {
  std::vector<Tcp::endpoint> addresses;
  const auto literal = asio::ip::make_address(endpoint.host, ec);
  if (!ec) {
    addresses.emplace_back(literal, endpoint.port);
  } else {
    Resolver resolver(context_);
    const std::string port =
        std::to_string(endpoint.port);  // GCC 12 destroys temporaries inside co_await twice
    auto [error, results] = co_await resolver.async_resolve(endpoint.host, port, kUseTask);
    ec = error;
    for (const auto& entry : results) addresses.push_back(entry.endpoint());
  }
  for (const auto& address : addresses) {
    co_await stream.connect(address, address.protocol(), timeout_ms, ec);
    if (!ec) break;
  }
  if (!ec) stream.socket().set_option(Tcp::no_delay(true), ec);
}

void UpstreamPool::give_back(const Upstream& upstream, std::unique_ptr<UpstreamConnection> connection) {
  auto& connections = idle_[&upstream];
  if (connections.size() >= kMaxIdlePerUpstream) return;
  connection->idle_since = now_steady();
  connections.push_back(std::move(connection));
}

void UpstreamPool::close_unused(SteadyNs now) {
  for (auto& [upstream, connections] : idle_) {
    // The last used are at the back, from where they are taken.
    std::erase_if(connections, [&](const auto& c) { return now - c->idle_since > kLongestIdleNs; });
  }
}

}  // namespace llt::gateway
