#include "views/access.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"
#include "base/secret.h"

namespace llt::views {
namespace {

// "name:port", "[v6]:port" or either without a port; brackets are removed. Empty when malformed.
std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return {};
    const std::string_view rest = authority.substr(close + 1);
    return rest.empty() || rest.starts_with(':') ? lower(authority.substr(1, close - 1)) : std::string{};
  }
  return lower(authority.substr(0, authority.find(':')));
}

bool is_address(const std::string& host) {
  std::array<std::byte, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? lower(name.data()) : std::string{};
}

}  // namespace

Access::Access(const Endpoint& bound, std::vector<std::string> allowed_hosts,
               std::vector<std::string> api_keys)
    : names_(std::move(allowed_hosts)), api_keys_(std::move(api_keys)) {
  names_.push_back(bound.host);
  names_.push_back("localhost");
  names_.push_back(machine_name());
  for (std::string& name : names_) name = lower(name);
  std::erase(names_, std::string{});
}

bool Access::host_allowed(std::string_view host_header) const {
  const std::string host = host_of(host_header);
  if (host.empty()) return false;
  return needs_key() || is_address(host) || std::ranges::find(names_, host) != names_.end();
}

bool Access::origin_allowed(std::string_view origin, std::string_view host_header) {
  if (origin.empty()) return true;
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false;  // "null": a sandboxed page or a local file
  return lower(origin.substr(scheme + 3)) == lower(host_header);
}

bool Access::key_allowed(std::string_view authorization) const {
  if (api_keys_.empty()) return true;
  constexpr std::string_view kScheme = "bearer ";
  if (lower(authorization.substr(0, kScheme.size())) != kScheme) return false;
  return is_one_of(api_keys_, authorization.substr(kScheme.size()));
}

}  // namespace llt::views
