#pragma once
// What is known of the GPUs at a moment, and what they were meant for.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gpus/counters.h"

namespace llt::telemetry {

/// What a GPU is for.
struct GpuPlan {
  int index = 0;                               ///< in PCI bus order
  std::string role;                            ///< "engine", "analytics", "engine and analytics", "unused"
  std::optional<std::uint64_t> planned_bytes;  ///< what the engine is to hold there, CUDA context included
};

struct GpuOptions {
  double readings_per_second = 10;  ///< 0: none at all
  std::vector<GpuPlan> plan;        ///< empty without one
  /// "engine", "analytics", "llamatelemetry" or "stranger": a constant. Called on the GPU thread.
  std::function<std::string_view(std::int64_t pid)> role_of;
};

/// What does not change while we run. Texts are empty when not known.
struct GpuIdentity {
  int index = 0;
  std::string label;        ///< "GPU 0"
  std::string_view vendor;  ///< "NVIDIA"
  std::string uuid, name, driver;
  std::string role;
  std::optional<std::uint64_t> planned_bytes;
};

struct GpuProcessState {
  std::int64_t pid = 0;
  std::string_view role;
  std::optional<std::uint64_t> memory_bytes;
};

struct GpuState {
  gpus::Reading reading;
  gpus::SlowReading slow;  ///< at most a second old
  SteadyNs slow_at = 0;    ///< when that was read
  /// Of the second before that.
  std::optional<double> pcie_transmit, pcie_receive, nvlink_transmit, nvlink_receive;
  std::vector<GpuProcessState> processes;  ///< at most a second old

  /// Takes a new slow reading in, with the rates since the one before.
  void take(gpus::SlowReading now, SteadyNs at);
};

}  // namespace llt::telemetry
