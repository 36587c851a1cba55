#pragma once
// Who is on which GPU, and whether it has any business there.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "placement/planner.h"
#include "telemetry/gpu_state.h"
#include "views/console.h"

namespace llt::app {

/// "engine": one of `engines` or a process of its group; "llamatelemetry": `own`; "analytics": a GPU worker
/// of the same program; "unknown": not to be seen from here, as in another container; else "stranger".
[[nodiscard]] std::string_view process_role(std::int64_t pid, std::span<const std::int64_t> engines,
                                            std::int64_t own);

/// What a placement means each card for. Nothing without a placement.
[[nodiscard]] std::vector<telemetry::GpuPlan> gpu_plan(const std::optional<placement::Placement>& placement);

/// A placement as the attributes of an event: `report` reads the bounds from them.
[[nodiscard]] std::string placement_attributes(const placement::Placement& placement, const std::string& why);

[[nodiscard]] std::string_view role_name(placement::Role role) noexcept;

/// Sentences without a full stop on processes that a card was not meant for. Empty without a plan.
[[nodiscard]] std::vector<std::string> misplaced(int index, std::string_view planned_role,
                                                 std::span<const telemetry::GpuProcessState> processes);

/// What the engine's processes hold there; nothing when none is seen or the driver does not tell.
[[nodiscard]] std::optional<std::uint64_t> engine_bytes(
    std::span<const telemetry::GpuProcessState> processes);

[[nodiscard]] views::GpuNow gpu_now(const telemetry::GpuState& state, const telemetry::GpuIdentity& identity);

}  // namespace llt::app
