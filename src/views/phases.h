#pragma once
// The phases that a request's time is divided into, and which of them took longest.

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace llt::views {

struct Phase {
  std::string_view name;
  std::string_view column;   ///< of the table `requests`, nanoseconds
  std::string_view meaning;  ///< of a long one; empty: depends on the request's tokens
};

/// In the order in which a request goes through them. Together they are its `total_ns`.
inline constexpr std::array kPhases{
    Phase{"receive", "receive_ns", "the client sent its request slowly"},
    Phase{"gateway", "gateway_ns", "the gateway's own work"},
    Phase{"connect", "connect_ns", "no connection to the upstream"},
    Phase{"queue", "queue_ns", "the engine had not taken it up yet"},
    Phase{"prefill", "prefill_ns", ""},
    Phase{"decode", "decode_ns", ""},
    Phase{"unattributed", "unattributed_ns", "no engine event explains it"},
    Phase{"client", "client_ns", "the client did not take the answer"},
};

struct LongestPhase {
  std::string_view name;
  double share;      ///< of the request's whole time, 0 to 1
  std::string text;  ///< "62 % decode, 1.24 s: 120 tokens, 10.3 ms each"
};

/// Of a row of `requests`; nothing when its times are not known.
[[nodiscard]] std::optional<LongestPhase> longest_phase(const nlohmann::ordered_json& request);

}  // namespace llt::views
