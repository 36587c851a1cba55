#pragma once
// Which turns served a request: all that is known of both must agree, and only one choice may be left. Pure.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "telemetry/request_record.h"
#include "telemetry/steps/turn.h"

namespace llt::telemetry {

enum class MatchRule : std::uint8_t {
  slot,            ///< the engine named the slot
  only_candidate,  ///< no other turn agrees with what is known of the request
};
[[nodiscard]] const char* to_string(MatchRule rule) noexcept;

struct Match {
  std::vector<Turn*> turns;  ///< in the order in which they began
  MatchRule rule = MatchRule::slot;
};

/// Among the turns that nobody has claimed. nullopt: none fits, or more than one does. The turns are not
/// claimed.
[[nodiscard]] std::optional<Match> match_turns(const RequestRecord& record, std::deque<Turn>& turns);

/// Whether the engine can have begun to compute this request at all.
[[nodiscard]] bool may_have_turns(const RequestRecord& record) noexcept;

}  // namespace llt::telemetry
