#pragma once
// How llama-server is told where a model goes.

#include "placement/planner.h"

namespace llt::placement {

/// Options of llama.cpp 11434, each word of its own. Everything that the plan relies on is said, and --fit is
/// off, so that the engine does not change it.
[[nodiscard]] std::vector<std::string> engine_flags(const EngineOptions& options, const Placement& placement);

/// CUDA_VISIBLE_DEVICES names the engine's cards only, so that nothing of it can appear on others.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> engine_environment(const Placement& placement);

}  // namespace llt::placement
