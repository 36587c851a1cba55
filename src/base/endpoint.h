#pragma once
// Where a server listens: a TCP address or a Unix socket.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace llt {

struct Endpoint {
  std::string host;  ///< name or address without brackets; empty for a Unix socket
  std::uint16_t port = 0;
  std::string unix_path;  ///< empty for TCP

  [[nodiscard]] bool is_unix() const noexcept { return !unix_path.empty(); }
  [[nodiscard]] bool is_loopback() const;
  /// "127.0.0.1:8080", "[::1]:8080" or "unix:/path".
  [[nodiscard]] std::string to_string() const;

  /// "ADDR:PORT", "[V6]:PORT", ":PORT" (all interfaces) or "PORT" (loopback).
  [[nodiscard]] static Result<Endpoint> parse_listen(std::string_view text);
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// An upstream base URL: "http://host:port/prefix". The prefix has no trailing slash.
struct BaseUrl {
  Endpoint endpoint;
  std::string prefix;
  std::string text;  ///< as the user wrote it

  [[nodiscard]] static Result<BaseUrl> parse(std::string_view text);
};

}  // namespace llt
