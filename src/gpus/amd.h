#pragma once
// AMD GPUs through the files of the kernel's driver (Documentation/gpu/amdgpu/thermal.rst and the hwmon ABI).
// They are shown and recorded; nothing is planned for them, llama-server places its models there itself.

#include <filesystem>
#include <vector>

#include "gpus/counters.h"
#include "gpus/gpus.h"

namespace llt::gpus {

/// One card's folder; its number in this machine is given by the caller.
struct AmdCard {
  std::filesystem::path device;   ///< /sys/class/drm/card0/device
  std::filesystem::path sensors;  ///< its hwmon folder; empty without one
  int index = 0;
};

/// The cards below `drm`, in the order of their names, numbered from `first_index` on.
[[nodiscard]] std::vector<AmdCard> amd_cards(int first_index,
                                             const std::filesystem::path& drm = "/sys/class/drm");

[[nodiscard]] Gpu describe(const AmdCard& card);
[[nodiscard]] Reading read(const AmdCard& card);
[[nodiscard]] SlowReading read_slow(const AmdCard& card);

}  // namespace llt::gpus
