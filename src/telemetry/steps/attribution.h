#pragma once
// Where a request's time went inside the engine. Pure. Formula and limits: docs/attribution.md.

#include <cstdint>
#include <span>

#include "telemetry/phases.h"
#include "telemetry/request_record.h"
#include "telemetry/steps/turn.h"

namespace llt::telemetry {

/// Nanoseconds; the first six add up to `upstream` exactly.
struct Attribution {
  std::int64_t queue = 0, own_prefill = 0, own_decode = 0, others_prefill = 0, others_decode = 0,
               engine_gap = 0;
  std::int64_t upstream = 0;
  std::int64_t stalled = 0;  ///< of others_prefill: after its own prompt was read
};

/// `turns` is not empty. `phases` is the breakdown of the same record.
[[nodiscard]] Attribution attribute(const RequestRecord& record, const PhaseBreakdown& phases,
                                    std::span<Turn* const> turns);

}  // namespace llt::telemetry
