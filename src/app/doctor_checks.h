#pragma once
// The single examinations behind doctor.h. Each gives one finding, or several of one kind.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/doctor.h"

namespace llt::app {

/// The part of a running instance's status that the examinations need; unset or empty when unknown.
struct RunningEngine {
  bool running = false;  ///< an instance answers
  std::string state, kind, model_path, backend, error;
  std::optional<bool> flash_attention;
  std::optional<std::int64_t> threads, restarts;
  struct Loss {
    std::string name, severity;
    std::int64_t count = 0;  ///< since the instance started
  };
  std::vector<Loss> losses;
  std::string store_state, store_message;
};
[[nodiscard]] RunningEngine read_status(const std::string& status_json);

/// Counters of the machine at one moment. Two of them, a second apart, show what is going wrong right now.
struct MachineSample {
  std::int64_t wall_minus_steady_ns = 0;
  std::int64_t steady_ns = 0;
  std::uint64_t cpu_ticks = 0, steal_ticks = 0;  ///< of all CPUs
  std::uint64_t swapped_pages = 0;               ///< in and out
  std::optional<std::uint64_t> throttled;        ///< times that the cgroup was
};
[[nodiscard]] MachineSample take_machine_sample();

// doctor_machine.cc
[[nodiscard]] Finding check_clock_source();
[[nodiscard]] Finding check_clock_steps(const MachineSample& before, const MachineSample& after);
[[nodiscard]] Finding check_stolen_time(const MachineSample& before, const MachineSample& after);
[[nodiscard]] Finding check_swap(const MachineSample& before, const MachineSample& after);
[[nodiscard]] Finding check_governor();
[[nodiscard]] Finding check_open_files();
[[nodiscard]] Finding check_store_library();
[[nodiscard]] Finding check_disk(const std::filesystem::path& data);

// doctor_engine.cc
[[nodiscard]] Finding check_threads(const RunningEngine& engine);
[[nodiscard]] std::vector<Finding> check_engine(const DoctorRequest& request, const RunningEngine& engine);
[[nodiscard]] Finding check_flash_attention(const RunningEngine& engine);
[[nodiscard]] Finding check_memory(const DoctorRequest& request, const RunningEngine& engine);
[[nodiscard]] std::vector<Finding> check_instance(const DoctorRequest& request, const RunningEngine& engine);

// doctor_analytics.cc
[[nodiscard]] Finding check_gpu_analytics();

/// Shorthand for an examination that found nothing wrong.
[[nodiscard]] Finding all_well(std::string topic, std::string what, std::string evidence = {});

}  // namespace llt::app
