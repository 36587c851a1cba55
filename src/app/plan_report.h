#pragma once
// What `llamatelemetry plan` says: as one JSON document and as text.

#include <nlohmann/json.hpp>
#include <string>

#include "placement/planner.h"

namespace llt::app {

struct PlanReport {
  const placement::ModelShape& model;
  const placement::PlanRequest& request;
  const placement::Plan& plan;
  std::string cards_from;  ///< where the cards were taken from: "this machine", "--preset rtx-4090"
};

[[nodiscard]] nlohmann::ordered_json plan_json(const PlanReport& report);
/// A table of the placements, then a bar for each card of those that are possible.
[[nodiscard]] std::string plan_text(const PlanReport& report);

}  // namespace llt::app
