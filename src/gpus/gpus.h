#pragma once
// The NVIDIA GPUs of this machine, as they stand at the moment.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace llt::gpus {

struct GpuProcess {
  std::int64_t pid = 0;
  std::optional<std::uint64_t> memory_bytes;  ///< unset where the driver does not tell
};

struct Gpu {
  int index = 0;  ///< in PCI bus order
  std::string name, uuid;
  std::string compute_capability;  ///< "7.5"
  std::uint64_t memory_total_bytes = 0;
  /// As nvidia-smi counts it: by processes; with what the driver keeps for itself where it does not tell them
  /// apart.
  std::uint64_t memory_used_bytes = 0;
  std::optional<std::uint64_t> memory_reserved_bytes;  ///< what the driver keeps for itself
  std::vector<GpuProcess> processes;
};

struct GpuList {
  std::string driver_version;  ///< empty without a driver
  std::string problem;         ///< why there is no list; empty when there is
  std::vector<Gpu> gpus;
};

/// Takes milliseconds. Any thread. The driver's library stays loaded after the first call.
[[nodiscard]] GpuList list_gpus();

}  // namespace llt::gpus
