#include "telemetry/bounded_names.h"

#include "base/losses.h"

namespace llt::telemetry {

std::string_view BoundedNames::fold(std::string_view name, bool may_admit) {
  if (name.empty()) return name;
  if (const auto found = names_.find(name); found != names_.end()) return *found;
  if (may_admit && names_.size() < limit_) return *names_.emplace(name).first;
  count_loss(Loss::model_names_folded);
  return "other";
}

void BoundedNames::admit(std::string_view name) {
  if (!name.empty() && !names_.contains(name)) names_.emplace(name);
}

}  // namespace llt::telemetry
