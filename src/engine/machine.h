#pragma once
// What this machine gives us: processors and memory, seen through affinity masks and cgroup limits.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llt::engine {

struct CpuBudget {
  int logical = 1;              ///< CPUs we may be scheduled on
  int physical = 1;             ///< distinct cores among them
  std::optional<double> quota;  ///< CPUs' worth of time that the cgroup allows; unset: no limit

  /// Whole cores that can compute at the same time: at least 1.
  [[nodiscard]] int cores() const noexcept;
};
[[nodiscard]] CpuBudget cpu_budget();

/// Threads for the engine on such a machine: one core is left for the gateway. llama.cpp's workers spin while
/// they wait for each other, so one too many makes every step wait for a time slice (80 times slower,
/// measured).
[[nodiscard]] int default_engine_threads(const CpuBudget& cpus) noexcept;

struct MemoryBudget {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;  ///< without swapping; the smaller of the machine's and the cgroup's
  std::uint64_t swap_used_bytes = 0;
  bool limited_by_cgroup = false;
};
[[nodiscard]] MemoryBudget memory_budget();

/// How often the kernel has killed a process because memory ran out, since boot; unset when it does not tell.
[[nodiscard]] std::optional<std::uint64_t> out_of_memory_kills();

/// The value of "Name:   123 kB" in /proc/meminfo or /proc/PID/status, in bytes.
[[nodiscard]] std::optional<std::uint64_t> kilobyte_field(std::string_view text, std::string_view name);
/// cgroup v2's cpu.max ("200000 100000" or "max 100000") as a number of CPUs.
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text);
/// A whole small file; empty when it cannot be read.
[[nodiscard]] std::string read_small_file(const std::string& path);

}  // namespace llt::engine
