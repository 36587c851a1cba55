#pragma once
// How exporting goes: one log line a minute while it fails, one when it works again.

#include <cstdint>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace llt::telemetry {

/// Any thread.
class ExportHealth {
 public:
  /// `what`: "traces" or "metrics"; `where`: the endpoint.
  ExportHealth(std::string what, std::string where) : what_(std::move(what)), where_(std::move(where)) {}

  void succeeded();
  /// `reason` may be empty; then the SDK's last complaint is used.
  void failed(std::uint64_t items, std::string reason = {});

 private:
  const std::string what_, where_;
  std::mutex mutex_;
  bool failing_ = false;
  SteadyNs last_line_ = 0;
  std::uint64_t lost_ = 0;  ///< since the last line
};

}  // namespace llt::telemetry
