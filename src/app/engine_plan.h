#pragma once
// From the options of `up` to a llama-server ready to be started: where its model goes, and why.

#include <optional>
#include <string>

#include "app/up_options.h"
#include "base/error.h"
#include "engine/launch.h"
#include "placement/planner.h"

namespace llt::app {

struct EnginePlan {
  engine::Launch launch;
  std::optional<placement::Placement> placement;  ///< nothing: llama-server places the model itself
  std::string why;                                ///< of either; a sentence without a full stop
};

/// Reads the model and the GPUs, plans, and checks that the plan fits before anything is loaded. The error of
/// a plan that does not fit says what would. Takes the time of `llama-server --list-devices` where there are
/// GPUs. The calling thread must live until it returns.
[[nodiscard]] Result<EnginePlan> plan_engine(const UpOptions& options);

}  // namespace llt::app
