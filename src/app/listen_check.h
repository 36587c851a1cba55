#pragma once
// Is an address free to listen on, and if not, who has it?

#include <optional>
#include <string>

#include "base/endpoint.h"
#include "base/error.h"

namespace llt::app {

/// Binds and lets go again. Fails naming the port and, where /proc lets us see it, the process that holds
/// it. `flag` ("--listen") goes into the hint. Another process may still take the port afterwards.
[[nodiscard]] Result<> check_can_listen(const Endpoint& endpoint, const std::string& flag);

struct PortHolder {
  std::int64_t pid = 0;
  std::string name;
};

/// The process that listens on TCP `port`, as far as our rights let us look.
[[nodiscard]] std::optional<PortHolder> find_port_holder(std::uint16_t port);

/// The address by which this machine reaches a server bound to `bound`: wildcards become loopback.
[[nodiscard]] std::string reachable_url(const Endpoint& bound);

}  // namespace llt::app
