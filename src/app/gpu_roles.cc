#include "app/gpu_roles.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analytics/gpu/worker.h"
#include "app/units.h"

namespace llt::app {
namespace {

std::string holds(const telemetry::GpuProcessState& process) {
  return process.memory_bytes ? fmt::format("holds {} of", format_size(*process.memory_bytes)) : "is on";
}

// The program of a process, whatever its path is called by now. False when it may not be seen.
bool is_same_program(std::int64_t one, std::int64_t other) {
  struct stat a {
  }, b{};
  return ::stat(fmt::format("/proc/{}/exe", one).c_str(), &a) == 0 &&
         ::stat(fmt::format("/proc/{}/exe", other).c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// A worker of this program, whichever command started it: the console's graphs, or `graph` beside this
// instance. It is known by its name and by who started it. Its own program cannot be seen: nobody may trace
// it, and while it ends, still holding its card, it has none.
bool is_analytics_worker(std::int64_t pid, std::int64_t own) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line, state;
  std::int64_t parent = 0;
  if (!std::getline(file, line, '\0')) return false;
  const std::size_t begin = line.find('('), end = line.rfind(')');
  if (end == std::string::npos || line.substr(begin + 1, end - begin - 1) != analytics::gpu::kWorkerName)
    return false;
  std::istringstream rest(line.substr(end + 1));
  return rest >> state >> parent && is_same_program(parent, own);
}

}  // namespace

std::string_view process_role(std::int64_t pid, std::span<const std::int64_t> engines, std::int64_t own) {
  if (pid == own) return "llamatelemetry";
  const auto process = static_cast<pid_t>(pid);
  const std::int64_t group = ::getpgid(process);
  const auto is = [&](std::int64_t engine) { return engine != 0 && (engine == pid || engine == group); };
  if (std::ranges::any_of(engines, is)) return "engine";
  if (is_analytics_worker(pid, own)) return "analytics";
  return ::kill(process, 0) != 0 && errno == ESRCH ? "unknown" : "stranger";
}

std::string_view role_name(placement::Role role) noexcept {
  switch (role) {
    case placement::Role::unused:
      return "unused";
    case placement::Role::engine:
      return "engine";
    case placement::Role::analytics:
      return "analytics";
    case placement::Role::both:
      return "engine and analytics";
  }
  return "unused";
}

std::vector<telemetry::GpuPlan> gpu_plan(const std::optional<placement::Placement>& placement) {
  std::vector<telemetry::GpuPlan> plan;
  if (!placement) return plan;
  for (const placement::CardPlan& card : placement->cards) {
    plan.push_back({.index = static_cast<int>(card.card.index),
                    .role = std::string(role_name(card.role)),
                    .planned_bytes = card.usage.bytes() + card.context_bytes});
  }
  return plan;
}

std::string placement_attributes(const placement::Placement& placement, const std::string& why) {
  using Json = nlohmann::ordered_json;
  const auto known = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
  Json attributes = {{"placement", placement.name},
                     {"why", why},
                     {"tensor_split", placement.tensor_split},
                     {"context_tokens", placement.context_tokens},
                     {"parallel", placement.parallel},
                     {"bounds",
                      {{"decode_tokens_per_second", known(placement.bounds.decode)},
                       {"prefill_tokens_per_second", known(placement.bounds.prefill)}}}};
  return attributes.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> misplaced(int index, std::string_view planned_role,
                                   std::span<const telemetry::GpuProcessState> processes) {
  std::vector<std::string> sentences;
  if (planned_role.empty()) return sentences;
  for (const telemetry::GpuProcessState& process : processes) {
    const bool planned =
        process.role == "unknown" || planned_role.find(process.role) != std::string_view::npos;
    if (planned || (process.role == "stranger" && planned_role == "unused")) continue;
    const std::string purpose =
        planned_role == "unused" ? "no part in this placement" : fmt::format("meant for {}", planned_role);
    sentences.push_back(fmt::format("process {} ({}) {} GPU {}, which {} {}", process.pid, process.role,
                                    holds(process), index, planned_role == "unused" ? "has" : "is", purpose));
  }
  return sentences;
}

std::optional<std::uint64_t> engine_bytes(std::span<const telemetry::GpuProcessState> processes) {
  std::optional<std::uint64_t> sum;
  for (const telemetry::GpuProcessState& process : processes) {
    if (process.role == "engine" && process.memory_bytes) sum = sum.value_or(0) + *process.memory_bytes;
  }
  return sum;
}

views::GpuNow gpu_now(const telemetry::GpuState& state, const telemetry::GpuIdentity& identity) {
  const gpus::Reading& reading = state.reading;
  views::GpuNow now;
  now.index = reading.index;
  now.name = identity.name;
  now.role = identity.role;
  now.utilization = reading.utilization;
  now.power_watts = reading.power_watts;
  now.temperature_celsius = reading.temperature_celsius;
  now.memory_used_bytes = reading.memory_used_bytes;
  now.memory_total_bytes = reading.memory_total_bytes;
  now.planned_bytes = identity.planned_bytes;
  now.engine_bytes = engine_bytes(state.processes);
  now.sm_clock_hz = reading.sm_clock_hz;
  if (reading.throttle_reasons) now.throttled_by = gpus::throttle_names(*reading.throttle_reasons);
  now.misplaced = misplaced(reading.index, identity.role, state.processes);
  return now;
}

}  // namespace llt::app
