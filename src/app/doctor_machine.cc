// Examinations of the machine: clocks, stolen time, swap, governor, limits, disk.

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "app/doctor_checks.h"
#include "app/units.h"
#include "base/clock.h"
#include "engine/machine.h"

namespace llt::app {
namespace {

using engine::read_small_file;

std::string first_line(const std::string& path) {
  const auto text = read_small_file(path);
  return text.substr(0, text.find('\n'));
}

// "name 123" in files such as /proc/vmstat.
std::optional<std::uint64_t> counter(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " ")) return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
  }
  return std::nullopt;
}

// The least of several readings: one that was interrupted between its two clocks would look like a step.
std::int64_t wall_minus_steady() {
  std::int64_t best_width = INT64_MAX;
  std::int64_t offset = 0;
  for (int i = 0; i < 32; ++i) {
    const SteadyNs before = now_steady();
    const UnixNs wall = now_unix();
    const SteadyNs after = now_steady();
    if (after - before < best_width) {
      best_width = after - before;
      offset = wall - (before + (after - before) / 2);
    }
  }
  return offset;
}

double clock_read_ns() {
  constexpr int kReads = 2000;
  const SteadyNs begin = now_steady();
  for (int i = 0; i < kReads - 1; ++i) static_cast<void>(now_steady());
  return static_cast<double>(now_steady() - begin) / kReads;
}

}  // namespace

MachineSample take_machine_sample() {
  MachineSample sample;
  sample.steady_ns = now_steady();
  sample.wall_minus_steady_ns = wall_minus_steady();
  std::istringstream cpu(first_line("/proc/stat"));
  std::string name;
  cpu >> name;
  constexpr int kSteal = 7;  // user nice system idle iowait irq softirq steal
  std::uint64_t value = 0;
  for (int field = 0; field <= kSteal && cpu >> value; ++field) {
    sample.cpu_ticks += value;
    if (field == kSteal) sample.steal_ticks = value;
  }
  const auto vmstat = read_small_file("/proc/vmstat");
  sample.swapped_pages = counter(vmstat, "pswpin").value_or(0) + counter(vmstat, "pswpout").value_or(0);
  sample.throttled = counter(read_small_file("/sys/fs/cgroup/cpu.stat"), "nr_throttled");
  return sample;
}

Finding check_clock_source() {
  const auto source = first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  const double cost = clock_read_ns();
  const auto evidence =
      fmt::format("clock source {}, {:.0f} ns a reading", source.empty() ? "unknown" : source, cost);
  constexpr double kSlowNs = 250;  // a reading that stays in user space takes 20 to 60 ns
  const bool slow_source =
      source == "hpet" || source == "acpi_pm" || source == "jiffies" || source == "refined-jiffies";
  if (!slow_source && cost < kSlowNs)
    return all_well("clock_source", "Reading the clock is cheap.", evidence);
  return {"clock_source",
          Severity::warning,
          "Reading the clock is slow.",
          "Every request reads it a dozen times; slow readings show up as time of the gateway.",
          "Boot with clocksource=tsc if the CPU's counter is stable, or ask your cloud provider for a "
          "machine type "
          "with a fast clock.",
          evidence};
}

Finding check_clock_steps(const MachineSample& before, const MachineSample& after) {
  const auto moved = after.wall_minus_steady_ns - before.wall_minus_steady_ns;
  timex state{};
  const int rc = ::adjtimex(&state);
  const bool known = rc >= 0;
  const bool synchronised = known && (state.status & STA_UNSYNC) == 0;
  const auto evidence = fmt::format("wall clock moved {} against the steady clock in {}; kernel says {}",
                                    format_duration(static_cast<double>(std::abs(moved))),
                                    format_duration(static_cast<double>(after.steady_ns - before.steady_ns)),
                                    !known         ? "nothing"
                                    : synchronised ? "synchronised"
                                                   : "not synchronised");
  constexpr std::int64_t kStepNs = 1'000'000;
  if (std::abs(moved) >= kStepNs) {
    return {
        "clock_steps",
        Severity::warning,
        "The wall clock is being moved right now.",
        "Durations are safe (they use the steady clock), but start times of requests and spans shift against "
        "those of other machines.",
        "Let one time service (chrony, systemd-timesyncd) slew the clock, and none step it.",
        evidence};
  }
  if (known && !synchronised) {
    return {
        "clock_steps",
        Severity::note,
        "The kernel does not know its clock to be synchronised.",
        "Traces that span several machines may look out of order. In a virtual machine or container the host "
        "may take care of it.",
        "Run chrony or systemd-timesyncd, unless the host does.",
        evidence};
  }
  return all_well("clock_steps", "The wall clock is steady.", evidence);
}

Finding check_stolen_time(const MachineSample& before, const MachineSample& after) {
  const auto total = after.cpu_ticks - std::min(after.cpu_ticks, before.cpu_ticks);
  const auto stolen = after.steal_ticks - std::min(after.steal_ticks, before.steal_ticks);
  const double share = total == 0 ? 0 : static_cast<double>(stolen) / static_cast<double>(total);
  const bool throttled = before.throttled && after.throttled && *after.throttled > *before.throttled;
  const auto evidence = fmt::format("{:.1f} % stolen during the last second{}", share * 100,
                                    throttled ? ", the container's CPU quota was used up" : "");
  constexpr double kTooMuch = 0.03;
  if (share < kTooMuch && !throttled) return all_well("stolen_time", "Nobody takes CPU time away.", evidence);
  return {
      "stolen_time",
      Severity::warning,
      throttled ? "The container's CPU quota is used up." : "The host gives CPU time to other machines.",
      "The engine and the gateway stand still at such moments, so latencies have a tail that is not theirs.",
      throttled ? "Raise the container's CPU limit, or give the engine fewer threads."
                : "Use a machine with dedicated CPUs for measurements.",
      evidence};
}

Finding check_swap(const MachineSample& before, const MachineSample& after) {
  const auto memory = engine::memory_budget();
  const auto pages = after.swapped_pages - std::min(after.swapped_pages, before.swapped_pages);
  const auto evidence = fmt::format("{} of swap in use, {} pages moved during the last second",
                                    format_size(memory.swap_used_bytes), pages);
  if (pages > 0) {
    return {"swap",
            Severity::warning,
            "The machine is swapping.",
            "A model that is partly on disk decodes at the disk's speed, and requests wait for pages.",
            "Stop what else uses memory, or use a smaller model.",
            evidence};
  }
  constexpr std::uint64_t kMuch = 256ull << 20;
  if (memory.swap_used_bytes >= kMuch) {
    return {"swap",
            Severity::note,
            "Memory was short at some time: swap holds what was moved out.",
            "The first requests that need it again are slow.",
            "Run swapoff -a && swapon -a when memory is free.",
            evidence};
  }
  return all_well("swap", "The machine does not swap.", evidence);
}

Finding check_governor() {
  int slow = 0;
  int known = 0;
  std::string governor;
  for (int cpu = 0; cpu < 1024; ++cpu) {
    const auto folder = fmt::format("/sys/devices/system/cpu/cpu{}/cpufreq/", cpu);
    const auto name = first_line(folder + "scaling_governor");
    if (name.empty()) continue;
    ++known;
    // With these drivers the hardware chooses, and "powersave" is only a name.
    const auto driver = first_line(folder + "scaling_driver");
    if (driver == "intel_pstate" || driver.starts_with("amd-pstate")) continue;
    if (name != "powersave" && name != "conservative") continue;
    ++slow;
    governor = name;
  }
  if (known == 0) return all_well("governor", "The CPU's speed is not ours to set here.", "no cpufreq");
  if (slow == 0) return all_well("governor", "The CPU's governor is fine.", fmt::format("{} CPUs", known));
  return {"governor",
          Severity::warning,
          "The CPU is told to save power.",
          "Short requests end before the CPU speeds up, so latencies are higher and vary.",
          "cpupower frequency-set -g performance (or schedutil)",
          fmt::format("{} on {} of {} CPUs", governor, slow, known)};
}

Finding check_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto evidence = fmt::format("soft limit {}, hard limit {}", limit.rlim_cur, limit.rlim_max);
  constexpr rlim_t kEnough = 16'384;  // two descriptors a connection, and 8192 connections
  if (limit.rlim_max >= kEnough)
    return all_well("open_files", "Enough files and connections may be open.", evidence);
  return {"open_files",
          Severity::warning,
          "Few files and connections may be open at a time.",
          "Each request takes two connections; beyond the limit new ones are refused.",
          "Raise the hard limit: LimitNOFILE= of the service, --ulimit nofile= of the container.",
          evidence};
}

// Asked from the library that is loaded, which need not be the one that we were built with.
Finding check_store_library() {
  constexpr std::string_view kTested = "v1.4.";
  auto* const version = reinterpret_cast<const char* (*)()>(::dlsym(RTLD_DEFAULT, "duckdb_library_version"));
  const std::string found = version != nullptr ? version() : "";
  if (found.starts_with(kTested)) return all_well("duckdb", "DuckDB is of the tested release.", found);
  return {"duckdb",
          Severity::warning,
          "DuckDB is not of the release that is tested.",
          "The format of the store's file and the SQL of the reports may differ.",
          "Use DuckDB 1.4 (LLAMATELEMETRY_DUCKDB).",
          found.empty() ? "its version is unknown" : found};
}

Finding check_disk(const std::filesystem::path& data) {
  std::filesystem::path place = data;
  std::error_code ignored;
  while (!place.empty() && place != place.root_path() && !std::filesystem::exists(place, ignored))
    place = place.parent_path();
  if (place.empty()) place = ".";
  struct statvfs disk {};
  if (::statvfs(place.c_str(), &disk) != 0) {
    return {"disk",
            Severity::warning,
            "The data folder cannot be looked at.",
            "Nothing could be stored there.",
            "Check --data and its permissions.",
            fmt::format("{}: {}", place.string(), std::strerror(errno))};
  }
  const auto free_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  const auto total = static_cast<std::uint64_t>(disk.f_blocks) * disk.f_frsize;
  const double share = total == 0 ? 1 : static_cast<double>(free_bytes) / static_cast<double>(total);
  const auto evidence =
      fmt::format("{} free of {} at {}", format_size(free_bytes), format_size(total), place.string());
  constexpr std::uint64_t kProblem = 256ull << 20;
  constexpr std::uint64_t kWarning = 2ull << 30;
  if (free_bytes >= kWarning && share >= 0.02)
    return all_well("disk", "There is room for the store.", evidence);
  return {
      "disk",
      free_bytes < kProblem ? Severity::problem : Severity::warning,
      "The disk of the data folder is nearly full.",
      "When it is full, requests are still served but no longer stored.",
      "Free some space, put the store elsewhere with --data, or keep less with --store-max and --retention.",
      evidence};
}

}  // namespace llt::app
