#pragma once
// On which TCP ports a process listens, as /proc tells it.

#include <cstdint>
#include <vector>

namespace llt::engine {

/// Empty when there is no such process, it listens on none, or it is not ours to look at.
[[nodiscard]] std::vector<std::uint16_t> listening_ports(std::int64_t pid);

}  // namespace llt::engine
