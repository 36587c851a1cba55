#include "engine/machine.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

namespace llt::engine {
namespace {

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} && end != text.data() ? std::optional(value) : std::nullopt;
}

// Our cgroup's folder and all of its parents up to the mount point: a limit on any of them holds.
std::vector<std::string> cgroup_folders(const std::string& controller) {
  std::istringstream lines(read_small_file("/proc/self/cgroup"));
  std::vector<std::string> folders;
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool v2 = controllers.empty();
    if (!v2 && ("," + controllers + ",").find("," + controller + ",") == std::string::npos) continue;
    const std::string mount = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controllers;
    std::string path = line.substr(second + 1);
    while (true) {
      folders.push_back(mount + (path == "/" ? "" : path));
      if (path.size() <= 1) break;
      path.resize(std::max<std::size_t>(path.rfind('/'), 1));
    }
  }
  return folders;
}

std::optional<double> cgroup_cpu_quota() {
  std::optional<double> least;
  const auto take = [&least](std::optional<double> value) {
    if (value && (!least || *value < *least)) least = value;
  };
  for (const auto& folder : cgroup_folders("cpu")) {
    take(parse_cpu_max(read_small_file(folder + "/cpu.max")));
    const auto quota = without_line_end(read_small_file(folder + "/cpu.cfs_quota_us"));
    if (!quota.empty() && quota != "-1") {
      take(parse_cpu_max(quota + " " + read_small_file(folder + "/cpu.cfs_period_us")));
    }
  }
  return least;
}

struct CgroupMemory {
  std::uint64_t limit = 0, used = 0;
};

std::optional<CgroupMemory> cgroup_memory() {
  std::optional<CgroupMemory> tightest;
  const auto take = [&tightest](const std::string& limit_file, const std::string& used_file) {
    const auto limit = parse_number(read_small_file(limit_file));
    const auto used = parse_number(read_small_file(used_file));
    if (!limit || !used || *limit >= (1ull << 60)) return;  // v1 writes "no limit" as a huge number
    const auto left = *limit - std::min(*limit, *used);
    if (!tightest || left < tightest->limit - std::min(tightest->limit, tightest->used)) {
      tightest = CgroupMemory{*limit, *used};
    }
  };
  for (const auto& folder : cgroup_folders("memory")) {
    take(folder + "/memory.max", folder + "/memory.current");
    take(folder + "/memory.limit_in_bytes", folder + "/memory.usage_in_bytes");
  }
  return tightest;
}

}  // namespace

std::string read_small_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

std::optional<std::uint64_t> kilobyte_field(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    line.remove_prefix(name.size() + 1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    const auto value = parse_number(line);
    return value && *value < (1ull << 50) ? std::optional(*value * 1024) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<double> parse_cpu_max(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto quota = parse_number(text.substr(0, space));
  const auto period = parse_number(text.substr(space + 1));
  if (!quota || !period || *quota == 0 || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

int CpuBudget::cores() const noexcept {
  int cores = physical;
  if (quota) cores = std::min(cores, static_cast<int>(std::floor(*quota)));
  return std::max(1, cores);
}

int default_engine_threads(const CpuBudget& cpus) noexcept { return std::max(1, cpus.cores() - 1); }

CpuBudget cpu_budget() {
  CpuBudget budget;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::set<std::pair<std::string, std::string>> cores;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    budget.logical = std::max(1, CPU_COUNT(&allowed));
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) continue;
      const std::string topology = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
      auto core = without_line_end(read_small_file(topology + "core_id"));
      if (core.empty()) core = "cpu" + std::to_string(cpu);  // unknown topology: count it as a core
      cores.emplace(without_line_end(read_small_file(topology + "physical_package_id")), core);
    }
  }
  budget.physical = std::max(1, static_cast<int>(cores.size()));
  budget.quota = cgroup_cpu_quota();
  return budget;
}

std::optional<std::uint64_t> out_of_memory_kills() {
  constexpr std::string_view kName = "\noom_kill ";
  const auto text = read_small_file("/proc/vmstat");
  const auto at = text.find(kName);
  return at == std::string::npos ? std::nullopt
                                 : parse_number(std::string_view(text).substr(at + kName.size()));
}

MemoryBudget memory_budget() {
  MemoryBudget budget;
  const auto info = read_small_file("/proc/meminfo");
  budget.total_bytes = kilobyte_field(info, "MemTotal").value_or(0);
  budget.available_bytes = kilobyte_field(info, "MemAvailable").value_or(0);
  const auto swap_total = kilobyte_field(info, "SwapTotal").value_or(0);
  budget.swap_used_bytes = swap_total - std::min(swap_total, kilobyte_field(info, "SwapFree").value_or(0));
  if (const auto cgroup = cgroup_memory()) {
    const auto left = cgroup->limit - std::min(cgroup->limit, cgroup->used);
    if (left < budget.available_bytes) {
      budget.available_bytes = left;
      budget.limited_by_cgroup = true;
    }
    budget.total_bytes = std::min(budget.total_bytes, cgroup->limit);
  }
  return budget;
}

}  // namespace llt::engine
