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
    GpuIdentity identity{.index = gpu.index,
                         .label = fmt::format("GPU {}", gpu.index),
                         .uuid = gpu.uuid,
                         .name = gpu.name,
                         .driver = list.driver_version,
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
                                .driver = known(list.driver_version),
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
  const SteadyNs steady = now_steady();
  std::vector<gpus::Reading> readings = counters_.read(thorough);
  std::vector<GpuState> states;
  states.reserve(readings.size());
  for (gpus::Reading& reading : readings) {
    GpuState state;
    state.reading = std::move(reading);
    state.read_at = steady;
    const auto before =
        std::ranges::find(states_, state.reading.index, [](const GpuState& s) { return s.reading.index; });
    if (before != states_.end()) {
      state.add_rates(*before);
      state.processes = before->processes;
    }
    states.push_back(std::move(state));
  }
  if (thorough) {
    read_processes(at, states);
    report_errors(at);
  }
  for (const GpuState& state : states) store_reading(at, state);
  const std::lock_guard lock(mutex_);
  states_ = std::move(states);
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

void GpuWatch::store_reading(std::int64_t at, const GpuState& state) {
  const gpus::Reading& r = state.reading;
  store_.append(store::GpuSampleRow{.unix_ns = at,
                                    .gpu = static_cast<std::uint16_t>(r.index),
                                    .utilization = r.utilization,
                                    .memory_activity = r.memory_activity,
                                    .memory_used_bytes = r.memory_used_bytes,
                                    .memory_reserved_bytes = r.memory_reserved_bytes,
                                    .power_watts = r.power_watts,
                                    .energy_joules = r.energy_joules,
                                    .temperature_celsius = r.temperature_celsius,
                                    .sm_clock_hz = r.sm_clock_hz,
                                    .memory_clock_hz = r.memory_clock_hz,
                                    .pcie_transmit_bytes_per_second = state.pcie_transmit,
                                    .pcie_receive_bytes_per_second = state.pcie_receive,
                                    .nvlink_transmit_bytes_per_second = state.nvlink_transmit,
                                    .nvlink_receive_bytes_per_second = state.nvlink_receive,
                                    .throttle_reasons = r.throttle_reasons,
                                    .ecc_corrected = r.ecc_corrected,
                                    .ecc_uncorrected = r.ecc_uncorrected});
}

std::vector<GpuState> GpuWatch::states() const {
  const std::lock_guard lock(mutex_);
  return states_;
}

void GpuState::add_rates(const GpuState& before) {
  const gpus::Reading& was = before.reading;
  const double seconds = static_cast<double>(read_at - before.read_at) * 1e-9;
  pcie_transmit =
      either(rate(was.pcie_transmit_bytes, reading.pcie_transmit_bytes, seconds), reading.pcie_transmit_rate);
  pcie_receive =
      either(rate(was.pcie_receive_bytes, reading.pcie_receive_bytes, seconds), reading.pcie_receive_rate);
  nvlink_transmit = rate(was.nvlink_transmit_bytes, reading.nvlink_transmit_bytes, seconds);
  nvlink_receive = rate(was.nvlink_receive_bytes, reading.nvlink_receive_bytes, seconds);
  // Between two thorough readings the last error counts stand for gauges; the store gets each of them once.
  shown_ecc_corrected = reading.ecc_corrected ? reading.ecc_corrected : before.shown_ecc_corrected;
  shown_ecc_uncorrected = reading.ecc_uncorrected ? reading.ecc_uncorrected : before.shown_ecc_uncorrected;
}

}  // namespace llt::telemetry
