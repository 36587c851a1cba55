#include "telemetry/gpu_gauges.h"

#include <algorithm>
#include <array>

namespace llt::telemetry {
namespace {

namespace metric = names::metric;
namespace attr = names::attr;
using Labels = std::vector<Sample::Label>;

constexpr std::array<std::string_view, 5> kRoles{"engine", "analytics", "llamatelemetry", "stranger",
                                                 "unknown"};

// Adds samples of one card; all of them carry its identity.
class Card {
 public:
  Card(const GpuIdentity& identity, std::vector<Sample>& out) : out_(out) {
    const auto add = [&](const char* name, std::string_view value) {
      if (!value.empty()) identity_.push_back({name, value});
    };
    add(attr::kHwId, identity.uuid);
    add(attr::kHwName, identity.label);
    add(attr::kHwModel, identity.name);
    add(attr::kHwVendor, identity.vendor);
    add(attr::kHwDriverVersion, identity.driver);
  }

  template <class T>
  void add(const names::MetricInfo& info, const std::optional<T>& value, const Labels& more = {}) {
    if (!value) return;
    Labels labels = identity_;
    labels.insert(labels.end(), more.begin(), more.end());
    out_.push_back({&info, static_cast<double>(*value), std::move(labels)});
  }

 private:
  Labels identity_;
  std::vector<Sample>& out_;
};

const Sample::Label kGpuType{attr::kHwType, "gpu"};

void add_memory(const gpus::Reading& r, Card& card) {
  card.add(metric::kHwGpuMemoryUsage, r.memory_used_bytes);
  card.add(metric::kHwGpuMemoryLimit, r.memory_total_bytes);
  card.add(metric::kLlamatelemetryGpuMemoryReserved, r.memory_reserved_bytes);
  if (r.memory_used_bytes && r.memory_total_bytes && *r.memory_total_bytes > 0) {
    card.add(metric::kHwGpuMemoryUtilization, std::optional(static_cast<double>(*r.memory_used_bytes) /
                                                            static_cast<double>(*r.memory_total_bytes)));
  }
}

void add_traffic(const gpus::SlowReading& r, Card& card) {
  const auto add = [&](const std::optional<std::uint64_t>& bytes, std::string_view link,
                       std::string_view way) {
    card.add(metric::kHwGpuIo, bytes,
             {{attr::kNetworkIoDirection, way}, {attr::kLlamatelemetryGpuLink, link}});
  };
  add(r.pcie_transmit_bytes, "pcie", "transmit");
  add(r.pcie_receive_bytes, "pcie", "receive");
  add(r.nvlink_transmit_bytes, "nvlink", "transmit");
  add(r.nvlink_receive_bytes, "nvlink", "receive");
}

void add_health(const GpuState& state, Card& card) {
  const gpus::Reading& r = state.reading;
  card.add(metric::kHwPower, r.power_watts, {kGpuType});
  card.add(metric::kHwEnergy, state.slow.energy_joules, {kGpuType});
  card.add(metric::kHwTemperature, r.temperature_celsius, {kGpuType});
  card.add(metric::kHwErrors, state.slow.ecc_corrected, {kGpuType, {attr::kErrorType, "corrected"}});
  card.add(metric::kHwErrors, state.slow.ecc_uncorrected, {kGpuType, {attr::kErrorType, "uncorrected"}});
  card.add(metric::kLlamatelemetryGpuClock, r.sm_clock_hz, {{attr::kLlamatelemetryGpuClockType, "sm"}});
  card.add(metric::kLlamatelemetryGpuClock, r.memory_clock_hz,
           {{attr::kLlamatelemetryGpuClockType, "memory"}});
  if (r.throttle_reasons) {
    const bool held = !gpus::throttle_names(*r.throttle_reasons).empty();
    card.add(metric::kLlamatelemetryGpuThrottled, std::optional(held ? 1.0 : 0.0));
  }
}

void add_processes(const GpuState& state, Card& card) {
  for (const std::string_view role : kRoles) {
    std::optional<std::uint64_t> sum;
    for (const GpuProcessState& process : state.processes) {
      if (process.role == role && process.memory_bytes) sum = sum.value_or(0) + *process.memory_bytes;
    }
    card.add(metric::kLlamatelemetryGpuProcessMemory, sum, {{attr::kLlamatelemetryGpuProcessRole, role}});
  }
}

}  // namespace

void add_gpu_samples(const GpuWatch& watch, std::vector<Sample>& out) {
  for (const GpuState& state : watch.states()) {
    const auto identity = std::ranges::find(watch.identities(), state.reading.index, &GpuIdentity::index);
    if (identity == watch.identities().end()) continue;
    Card card(*identity, out);
    card.add(metric::kHwGpuUtilization, state.reading.utilization);
    add_memory(state.reading, card);
    add_traffic(state.slow, card);
    add_health(state, card);
    add_processes(state, card);
  }
}

}  // namespace llt::telemetry
