#pragma once
// Why a placement fits or not, in words.

#include "placement/planner.h"

namespace llt::placement {

/// One sentence without a full stop. Needs everything of `placement` but its notes, bounds and flags.
[[nodiscard]] std::string reason(const Placement& placement, const PlanRequest& request);

[[nodiscard]] std::string shorter_context(std::uint64_t tokens, std::uint64_t trained);

/// What is worth knowing about the cards and the figures.
void add_notes(Placement& placement, const ModelShape& model, const PlanRequest& request);

}  // namespace llt::placement
