#include "telemetry/export_health.h"

#include "base/log.h"
#include "telemetry/sdk_log.h"

namespace llt::telemetry {

void ExportHealth::succeeded() {
  const std::lock_guard lock(mutex_);
  if (!failing_) return;
  failing_ = false;
  spdlog::info("export of {} to {} works again", what_, where_);
}

void ExportHealth::failed(std::uint64_t items, std::string reason) {
  const std::lock_guard lock(mutex_);
  lost_ += items;
  const SteadyNs now = now_steady();
  if (failing_ && now - last_line_ < kLineIntervalNs) return;
  if (!failing_ && last_line_ != 0 && now - last_line_ < kLineIntervalNs) return;
  if (reason.empty()) reason = last_sdk_complaint();
  spdlog::warn("export of {} to {} fails: {} lost{}{}", what_, where_, lost_, reason.empty() ? "" : ": ",
               reason);
  failing_ = true;
  last_line_ = now;
  lost_ = 0;
}

}  // namespace llt::telemetry
