#pragma once
// How much of a GPU analytics may use.

#include <cstdint>
#include <optional>
#include <string>

#include "app/settings.h"

namespace llt::app {

/// What the plan of the engine leaves on the GPU with this number, as the running or last instance wrote it
/// down: an engine that is still loading does not hold all of its memory yet. Nothing where there is no plan.
[[nodiscard]] std::optional<std::uint64_t> planned_for_analytics(const Settings& settings,
                                                                 const std::string& gpu);

}  // namespace llt::app
