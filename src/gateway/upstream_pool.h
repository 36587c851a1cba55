#pragma once
// Connections to the upstreams, kept open between requests. One pool per thread: nothing is shared.

#include <memory>
#include <unordered_map>
#include <vector>

#include "gateway/http_head.h"
#include "gateway/net.h"
#include "gateway/upstream.h"

namespace llt::gateway {

/// A connection borrowed from the pool. Drop it to close it; give it back when its answer has been read to
/// the end and the server keeps it open.
struct UpstreamConnection {
  UpstreamConnection(Socket socket, StreamList& watched) : stream(std::move(socket), watched) {}
  Stream stream;
  bool reused = false;
  SteadyNs idle_since = 0;
};

class UpstreamPool {
 public:
  UpstreamPool(asio::io_context& context, StreamList& watched) : context_(context), watched_(watched) {}

  /// An idle connection that the server has not closed; null when there is none.
  std::unique_ptr<UpstreamConnection> take_idle(const Upstream& upstream);

  /// Opens a connection; null with `ec` set when that fails.
  Task<std::unique_ptr<UpstreamConnection>> connect(const Upstream& upstream, int timeout_ms, error_code& ec);

  void give_back(const Upstream& upstream, std::unique_ptr<UpstreamConnection> connection);
  void clear() { idle_.clear(); }

  /// Closes connections that nobody has used for a while: in llama-server each one, idle or not, occupies a
  /// thread, and new connections of others may have to wait for it.
  void close_unused(SteadyNs now);

 private:
  Task<> connect_tcp(const Endpoint& endpoint, int timeout_ms, Stream& stream, error_code& ec);

  static constexpr std::size_t kMaxIdlePerUpstream = 256;
  static constexpr SteadyNs kLongestIdleNs = 1'000'000'000;

  asio::io_context& context_;
  StreamList& watched_;
  std::unordered_map<const Upstream*, std::vector<std::unique_ptr<UpstreamConnection>>> idle_;
};

}  // namespace llt::gateway
