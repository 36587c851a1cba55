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
///
/// A request that has turns fits its own, so with one that fits there is no other. That holds for a request
/// whose answer is whole. One that broke off may be in a step that is not known yet: ask for it only when its
/// steps must be there and every other request that ended by then has its own.
[[nodiscard]] std::optional<Match> match_turns(const RequestRecord& record, std::deque<Turn>& turns);

/// Whether the engine is known to have computed something for this request.
[[nodiscard]] bool has_turns(const RequestRecord& record) noexcept;

/// Whether its answer came to its end.
[[nodiscard]] bool is_ended(const RequestRecord& record) noexcept;

}  // namespace llt::telemetry
