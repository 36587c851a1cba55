#include "telemetry/gpu_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread_name.h"

namespace llt::telemetry {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::int64_t kSecondNs = 1'000'000'000;

std::optional<double> either(std::optional<double> counted, std::optional<double> sampled) {
  return counted ? counted : sampled;
}

}  // namespace

std::optional<double> rate(std::optional<std::uint64_t> before, std::optional<std::uint64_t> now,
                           double seconds) noexcept {
  if (!before || !now || !(seconds > 0)) return std::nullopt;
  constexpr std::uint64_t kWrap = std::uint64_t{1} << 32;
  std::uint64_t moved = *now - *before;
  if (*now < *before) {
    if (*before >= kWrap) return std::nullopt;
    moved = *now + kWrap - *before;
  }
  return static_cast<double>(moved) / seconds;
}

std::unique_ptr<GpuWatch> GpuWatch::start(const GpuOptions& options, store::Store& store) {
  if (!(options.readings_per_second > 0)) return nullptr;
  gpus::Counters counters;
  if (counters.empty()) return nullptr;
  return std::unique_ptr<GpuWatch>(new GpuWatch(options, store, std::move(counters)));
}

GpuWatch::GpuWatch(const GpuOptions& options, store::Store& store, gpus::Counters counters)
    : options_(options), store_(store), counters_(std::move(counters)) {
  identify();
  thread_ = std::thread([this] {
    name_this_thread("gpus");
    run();
  });
}

GpuWatch::~GpuWatch() { stop(); }

void GpuWatch::stop() {
  stopping_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
}

void GpuWatch::identify() {
  const gpus::GpuList list = gpus::list_gpus();
  const std::int64_t at = now_unix();
  for (const gpus::Gpu& gpu : list.gpus) {
    const std::string driver = gpu.vendor == gpus::Vendor::nvidia ? list.driver_version : "";
    GpuIdentity identity{.index = gpu.index,
                         .label = fmt::format("GPU {}", gpu.index),
                         .vendor = to_string(gpu.vendor),
                         .uuid = gpu.uuid,
                         .name = gpu.name,
                         .driver = driver,
                         .role = {},
                         .planned_bytes = {}};
    const auto plan = std::ranges::find(options_.plan, gpu.index, &GpuPlan::index);
    if (plan != options_.plan.end()) {
      identity.role = plan->role;
      identity.planned_bytes = plan->planned_bytes;
    }
    const auto known = [](const std::string& text) {
      return text.empty() ? std::nullopt : std::optional(text);
    };
    store_.append(store::GpuRow{.unix_ns = at,
                                .gpu = static_cast<std::uint16_t>(gpu.index),
                                .uuid = known(gpu.uuid),
                                .name = known(gpu.name),
                                .driver = known(driver),
                                .compute_capability = known(gpu.compute_capability),
                                .memory_total_bytes = gpu.memory_total_bytes,
                                .role = known(identity.role),
                                .planned_bytes = identity.planned_bytes});
    identities_.push_back(std::move(identity));
  }
}

// Readings are taken on a grid; one that comes too late is left out rather than made up for.
void GpuWatch::run() {
  const nanoseconds period(
      static_cast<std::int64_t>(static_cast<double>(kSecondNs) / options_.readings_per_second));
  auto next = steady_clock::now();
  auto next_thorough = next;
  while (!stopping_.load(std::memory_order_acquire)) {
    const auto now = steady_clock::now();
    const bool thorough = now >= next_thorough;
    if (thorough) next_thorough = now + std::chrono::seconds(1);
    read(thorough);
    next = std::max(next + period, steady_clock::now());
    // Short naps, so that the end of the program does not wait for a slow rate.
    while (!stopping_.load(std::memory_order_acquire) && steady_clock::now() < next) {
      std::this_thread::sleep_for(
          std::min<nanoseconds>(next - steady_clock::now(), std::chrono::milliseconds(50)));
    }
  }
}

void GpuWatch::read(bool thorough) {
  const std::int64_t at = now_unix();
  std::vector<GpuState> states = states_;
  std::vector<gpus::Reading> readings = counters_.read();
  states.resize(readings.size());
  for (std::size_t i = 0; i < states.size(); ++i) states[i].reading = std::move(readings[i]);
  if (thorough) {
    read_slow(states);
    read_processes(at, states);
    report_errors(at);
  }
  for (const GpuState& state : states) store_reading(at, state, thorough);
  const std::lock_guard lock(mutex_);
  states_ = std::move(states);
}

void GpuWatch::read_slow(std::vector<GpuState>& states) {
  std::vector<gpus::SlowReading> readings = counters_.read_slow();
  for (std::size_t i = 0; i < states.size() && i < readings.size(); ++i) {
    states[i].take(std::move(readings[i]), now_steady());
  }
}

void GpuWatch::read_processes(std::int64_t at, std::vector<GpuState>& states) {
  auto all = counters_.processes();
  for (std::size_t i = 0; i < states.size() && i < all.size(); ++i) {
    states[i].processes.clear();
    for (const gpus::GpuProcess& process : all[i]) {
      const std::string_view role = options_.role_of ? options_.role_of(process.pid) : "stranger";
      states[i].processes.push_back({process.pid, role, process.memory_bytes});
      store_.append(store::GpuProcessRow{.unix_ns = at,
                                         .gpu = static_cast<std::uint16_t>(states[i].reading.index),
                                         .pid = process.pid,
                                         .role = std::string(role),
                                         .memory_bytes = process.memory_bytes});
    }
  }
}

void GpuWatch::report_errors(std::int64_t at) {
  for (const gpus::Xid& error : counters_.take_errors()) {
    const std::string message =
        fmt::format("GPU {} reported the critical error Xid {}", error.index, error.code);
    spdlog::error("{}", message);
    store::EventRow event;
    event.unix_ns = at;
    event.kind = "gpu.xid";
    event.severity = "error";
    event.message = message;
    event.attributes = nlohmann::json{{"gpu", error.index}, {"xid", error.code}}.dump();
    store_.append(std::move(event));
  }
}

void GpuWatch::store_reading(std::int64_t at, const GpuState& state, bool thorough) {
  const gpus::Reading& r = state.reading;
  store::GpuSampleRow row;
  row.unix_ns = at;
  row.gpu = static_cast<std::uint16_t>(r.index);
  row.utilization = r.utilization;
  row.memory_activity = r.memory_activity;
  row.memory_used_bytes = r.memory_used_bytes;
  row.memory_reserved_bytes = r.memory_reserved_bytes;
  row.power_watts = r.power_watts;
  row.temperature_celsius = r.temperature_celsius;
  row.sm_clock_hz = r.sm_clock_hz;
  row.memory_clock_hz = r.memory_clock_hz;
  row.throttle_reasons = r.throttle_reasons;
  if (thorough) {
    row.energy_joules = state.slow.energy_joules;
    row.pcie_transmit_bytes_per_second = state.pcie_transmit;
    row.pcie_receive_bytes_per_second = state.pcie_receive;
    row.nvlink_transmit_bytes_per_second = state.nvlink_transmit;
    row.nvlink_receive_bytes_per_second = state.nvlink_receive;
    row.ecc_corrected = state.slow.ecc_corrected;
    row.ecc_uncorrected = state.slow.ecc_uncorrected;
  }
  store_.append(std::move(row));
}

std::vector<GpuState> GpuWatch::states() const {
  const std::lock_guard lock(mutex_);
  return states_;
}

void GpuState::take(gpus::SlowReading now, SteadyNs at) {
  const double seconds = slow_at == 0 ? 0 : static_cast<double>(at - slow_at) * 1e-9;
  pcie_transmit =
      either(rate(slow.pcie_transmit_bytes, now.pcie_transmit_bytes, seconds), now.pcie_transmit_rate);
  pcie_receive =
      either(rate(slow.pcie_receive_bytes, now.pcie_receive_bytes, seconds), now.pcie_receive_rate);
  nvlink_transmit = rate(slow.nvlink_transmit_bytes, now.nvlink_transmit_bytes, seconds);
  nvlink_receive = rate(slow.nvlink_receive_bytes, now.nvlink_receive_bytes, seconds);
  slow = std::move(now);
  slow_at = at;
}

}  // namespace llt::telemetry
