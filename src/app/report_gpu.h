#pragma once
// What `report` says of the GPUs: energy, and speed beside its bound.

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "app/source.h"
#include "base/clock.h"
#include "base/error.h"

namespace llt::app {

/// Energy of the cards that the engine was planned on, second by second, shared among the requests that were
/// at the engine in that second by the time that each was there (docs/gpus.md). Null without readings of
/// energy.
[[nodiscard]] Result<nlohmann::ordered_json> energy_figures(Source& source, std::optional<UnixNs> since);

/// The bounds of the newest placement and the share of them that `totals` (figures of a report) reach. Null
/// without a placement on cards whose data sheets are known.
[[nodiscard]] Result<nlohmann::ordered_json> bound_figures(Source& source,
                                                           const nlohmann::ordered_json& totals);

}  // namespace llt::app
