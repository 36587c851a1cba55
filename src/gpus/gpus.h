#pragma once
// The GPUs of this machine, as they stand at the moment.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llt::gpus {

struct GpuProcess {
  std::int64_t pid = 0;
  std::optional<std::uint64_t> memory_bytes;  ///< unset where the driver does not tell
};

enum class Vendor { nvidia, amd };

/// "NVIDIA", "AMD".
[[nodiscard]] std::string_view to_string(Vendor vendor) noexcept;

struct Gpu {
  int index = 0;  ///< NVIDIA's in PCI bus order, then the others
  Vendor vendor = Vendor::nvidia;
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
  std::string driver_version;  ///< NVIDIA's; empty without it
  std::string problem;         ///< why there is none of NVIDIA's; empty when there is
  std::vector<Gpu> gpus;
};

/// Takes milliseconds. Any thread. The driver's library stays loaded after the first call.
[[nodiscard]] GpuList list_gpus();

}  // namespace llt::gpus
