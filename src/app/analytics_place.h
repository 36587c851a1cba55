#pragma once
// Where analytics run, and how much of a GPU they may use.

#include <cstdint>
#include <optional>
#include <string>

#include "analytics/session.h"
#include "app/settings.h"

namespace llt::app {

/// Which back end is wanted, and on which GPU.
struct AnalyticsPlace {
  analytics::Want want = analytics::Want::automatic;
  analytics::GpuOptions gpu;
};

/// Of --backend, --analytics-gpu and --gpu-memory. Errors (invalid_argument): they contradict.
[[nodiscard]] Result<AnalyticsPlace> analytics_place(const Settings& settings, const std::string& backend,
                                                     std::optional<std::uint64_t> gpu_memory_bytes);

/// The GPU's memory is the engine's first: unless the user says how much, analytics get what its plan leaves.
/// Asks the store.
void bound_memory(const Settings& settings, AnalyticsPlace& place);

}  // namespace llt::app
