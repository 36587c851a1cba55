#pragma once
// One small blocking GET with a deadline: for /health and the like, never on a request's path.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/error.h"

namespace llt::engine {

struct HttpProbe {
  Endpoint endpoint;
  std::string target;      ///< "/health"
  std::string bearer;      ///< API key; may be empty
  int timeout_ms = 2'000;  ///< for everything: connect, send, receive
  int cancel_fd = -1;      ///< the call ends at once when this becomes readable
  std::size_t max_body_bytes = 8 * 1024 * 1024;
};

struct HttpReply {
  int status = 0;
  std::string body;
  pid_t peer_pid = 0;  ///< Unix sockets: the process that listens; 0 when unknown
};

/// Fails with `unavailable` (refused, reset, no such socket), `timeout`, or `data_loss` (not HTTP, too
/// large).
[[nodiscard]] Result<HttpReply> http_get(const HttpProbe& probe);

/// Collects one HTTP/1.x response from pieces of any size.
class ResponseReader {
 public:
  explicit ResponseReader(std::size_t max_body_bytes) : max_body_(max_body_bytes) {}

  enum class Progress : std::uint8_t { more, done, bad };
  [[nodiscard]] Progress feed(std::string_view bytes);
  /// The peer closed: done for bodies without a length, bad for anything cut short.
  [[nodiscard]] Progress end();

  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] std::string take_body() { return std::move(body_); }

 private:
  [[nodiscard]] Progress parse_head();
  [[nodiscard]] Progress read_body();
  [[nodiscard]] Progress read_chunks();

  std::size_t max_body_;
  std::string pending_;  // not yet understood
  std::string body_;
  int status_ = 0;
  bool head_done_ = false;
  bool chunked_ = false;
  std::optional<std::size_t> length_;
};

}  // namespace llt::engine
