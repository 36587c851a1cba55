#include "base/endpoint.h"

#include <charconv>

namespace llt {
namespace {

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size() || value > 65535) {
    return fail(ErrorCode::invalid_argument, "'" + std::string(text) + "' is not a port",
                "use a number from 0 to 65535");
  }
  return static_cast<std::uint16_t>(value);
}

// Splits "host:port" or "[v6]:port"; the host may be empty.
Result<Endpoint> parse_host_port(std::string_view text) {
  Endpoint endpoint;
  std::size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || (close + 1 < text.size() && text[close + 1] != ':')) {
      return fail(ErrorCode::invalid_argument, "'" + std::string(text) + "' is not an address",
                  "write IPv6 addresses as [::1]:8080");
    }
    endpoint.host = text.substr(1, close - 1);
    colon = close + 1 < text.size() ? close + 1 : std::string_view::npos;
  } else {
    endpoint.host = text.substr(0, colon);
  }
  if (colon != std::string_view::npos) {
    auto port = parse_port(text.substr(colon + 1));
    if (!port) return std::unexpected(port.error());
    endpoint.port = *port;
  }
  return endpoint;
}

}  // namespace

bool Endpoint::is_loopback() const {
  return is_unix() || host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string Endpoint::to_string() const {
  if (is_unix()) return "unix:" + unix_path;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> Endpoint::parse_listen(std::string_view text) {
  if (text.find_first_not_of("0123456789") == std::string_view::npos && !text.empty()) {
    auto port = parse_port(text);
    if (!port) return std::unexpected(port.error());
    return Endpoint{"127.0.0.1", *port, {}};
  }
  if (text.rfind(':') == std::string_view::npos) {
    return fail(ErrorCode::invalid_argument, "'" + std::string(text) + "' is not ADDR:PORT",
                "for example 127.0.0.1:8080");
  }
  auto endpoint = parse_host_port(text);
  if (endpoint && endpoint->host.empty()) endpoint->host = "0.0.0.0";
  return endpoint;
}

Result<BaseUrl> BaseUrl::parse(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://")) {
    return fail(ErrorCode::invalid_argument,
                "upstream " + std::string(text) + " uses TLS, which is not supported",
                "put a local TLS proxy in between, or use the http:// address");
  }
  if (!text.starts_with(kScheme)) {
    return fail(ErrorCode::invalid_argument, "'" + std::string(text) + "' is not an http:// URL",
                "for example http://127.0.0.1:8000");
  }
  BaseUrl url;
  url.text = text;
  std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.prefix = rest.substr(slash);
  while (url.prefix.ends_with('/')) url.prefix.pop_back();
  auto endpoint = parse_host_port(authority);
  if (!endpoint) return std::unexpected(endpoint.error());
  if (endpoint->host.empty() || authority.find('@') != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument, "'" + std::string(text) + "' names no host",
                "for example http://127.0.0.1:8000");
  }
  if (endpoint->port == 0) endpoint->port = 80;
  url.endpoint = *endpoint;
  return url;
}

}  // namespace llt
