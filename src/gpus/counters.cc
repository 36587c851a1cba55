#include "gpus/counters.h"

#include <array>
#include <string_view>
#include <utility>

#include "gpus/amd.h"
#include "gpus/processes.h"

namespace llt::gpus {
namespace {

using nvml::kSuccess;

constexpr double kMilli = 1e-3;
constexpr std::uint64_t kMega = 1'000'000;
constexpr std::uint64_t kKibi = 1024;

// nvmlClocksEventReasons. Bit 0, an idle card, and bit 1, clocks that were asked for, slow nothing down.
constexpr std::pair<std::uint64_t, std::string_view> kThrottleBits[] = {
    {0x004, "power_cap"},        {0x008, "hardware_slowdown"}, {0x010, "sync_boost"},
    {0x020, "software_thermal"}, {0x040, "hardware_thermal"},  {0x080, "power_brake"},
    {0x100, "display"},          {0x200, "board_limit"},       {0x400, "reliability"},
};

std::optional<std::uint64_t> whole(const nvml::FieldValue& field) {
  if (field.result != kSuccess) return std::nullopt;
  switch (field.value_type) {
    case nvml::kUnsigned:
      return field.value.whole;
    case nvml::kUnsignedLong:
      return field.value.whole_long;
    case nvml::kUnsigned64:
      return field.value.whole_64;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string throttle_names(std::uint64_t reasons) {
  std::string names;
  for (const auto& [bit, name] : kThrottleBits) {
    if ((reasons & bit) != 0) names.append(names.empty() ? "" : ",").append(name);
  }
  return names;
}

Counters::Counters() : library_(nvml::Library::get()) {
  add_nvidia();
  amd_ = amd_cards(static_cast<int>(devices_.size()));
}

Counters::~Counters() = default;
Counters::Counters(Counters&&) noexcept = default;

bool Counters::empty() const noexcept { return devices_.empty() && amd_.empty(); }

void Counters::add_nvidia() {
  unsigned count = 0;
  if (!library_.usable() || library_.count(&count) != kSuccess) return;
  for (unsigned index = 0; index < count; ++index) {
    nvml::Device device = nullptr;
    if (library_.by_index(index, &device) != kSuccess) continue;
    devices_.push_back({static_cast<int>(index), device});
  }
  listen();
}

// The driver keeps the event set; it goes with the process.
void Counters::listen() {
  if (library_.create_events == nullptr || library_.register_events == nullptr ||
      library_.wait_event == nullptr)
    return;
  if (library_.create_events(&events_) != kSuccess) {
    events_ = nullptr;
    return;
  }
  for (const Entry& entry : devices_) library_.register_events(entry.device, nvml::kEventXid, events_);
}

std::vector<Reading> Counters::read() const {
  std::vector<Reading> readings;
  readings.reserve(devices_.size());
  for (const Entry& entry : devices_) {
    Reading& reading = readings.emplace_back();
    reading.index = entry.index;
    nvml::Utilization use{};
    if (library_.utilization != nullptr && library_.utilization(entry.device, &use) == kSuccess) {
      reading.utilization = use.gpu / 100.0;
      reading.memory_activity = use.memory / 100.0;
    }
    unsigned value = 0;
    if (library_.power != nullptr && library_.power(entry.device, &value) == kSuccess) {
      reading.power_watts = value * kMilli;
    }
    if (library_.temperature != nullptr &&
        library_.temperature(entry.device, nvml::kGpuSensor, &value) == kSuccess) {
      reading.temperature_celsius = value;
    }
    read_memory(entry, reading);
    read_clocks(entry, reading);
  }
  for (const AmdCard& card : amd_) readings.push_back(gpus::read(card));
  return readings;
}

std::vector<SlowReading> Counters::read_slow() {
  std::vector<SlowReading> readings;
  readings.reserve(devices_.size());
  for (Entry& entry : devices_) {
    SlowReading& reading = readings.emplace_back();
    unsigned long long millijoules = 0;
    if (library_.energy != nullptr && library_.energy(entry.device, &millijoules) == kSuccess) {
      reading.energy_joules = static_cast<double>(millijoules) * kMilli;
    }
    read_traffic(entry, reading);
    read_errors(entry, reading);
  }
  for (const AmdCard& card : amd_) readings.push_back(gpus::read_slow(card));
  return readings;
}

void Counters::read_memory(const Entry& entry, Reading& out) const {
  nvml::Memory2 memory{.version = nvml::kMemory2Version, .total = 0, .reserved = 0, .free = 0, .used = 0};
  if (library_.memory2 != nullptr && library_.memory2(entry.device, &memory) == kSuccess) {
    out.memory_total_bytes = memory.total;
    out.memory_reserved_bytes = memory.reserved;
    out.memory_used_bytes = memory.used;
    return;
  }
  nvml::Memory plain{};
  if (library_.memory(entry.device, &plain) != kSuccess) return;
  out.memory_total_bytes = plain.total;
  out.memory_used_bytes = plain.used;
}

void Counters::read_clocks(const Entry& entry, Reading& out) const {
  unsigned long long reasons = 0;
  if (library_.throttle_reasons != nullptr && library_.throttle_reasons(entry.device, &reasons) == kSuccess) {
    out.throttle_reasons = reasons;
  }
  if (library_.clock == nullptr) return;
  unsigned megahertz = 0;
  if (library_.clock(entry.device, nvml::kSmClock, &megahertz) == kSuccess)
    out.sm_clock_hz = megahertz * kMega;
  if (library_.clock(entry.device, nvml::kMemoryClock, &megahertz) == kSuccess) {
    out.memory_clock_hz = megahertz * kMega;
  }
}

// What a card cannot count is not asked for again.
void Counters::read_traffic(Entry& entry, SlowReading& out) const {
  const auto field = [](nvml::Field id, unsigned scope) {
    nvml::FieldValue value{};
    value.field = id;
    value.scope = scope;
    return value;
  };
  if (library_.fields != nullptr && (entry.counts_pcie || entry.counts_nvlink)) {
    std::array fields{field(nvml::kPcieTransmitBytes, 0), field(nvml::kPcieReceiveBytes, 0),
                      field(nvml::kNvlinkTransmitKib, nvml::kAllLinks),
                      field(nvml::kNvlinkReceiveKib, nvml::kAllLinks)};
    if (library_.fields(entry.device, static_cast<int>(fields.size()), fields.data()) == kSuccess) {
      out.pcie_transmit_bytes = whole(fields[0]);
      out.pcie_receive_bytes = whole(fields[1]);
      const auto bytes = [](std::uint64_t kib) { return kib * kKibi; };
      out.nvlink_transmit_bytes = whole(fields[2]).transform(bytes);
      out.nvlink_receive_bytes = whole(fields[3]).transform(bytes);
    }
    entry.counts_pcie = out.pcie_transmit_bytes.has_value();
    entry.counts_nvlink = out.nvlink_transmit_bytes.has_value();
  }
  if (entry.counts_pcie || library_.pcie_throughput == nullptr) return;
  unsigned kilobytes = 0;
  if (library_.pcie_throughput(entry.device, nvml::kPcieTransmit, &kilobytes) == kSuccess) {
    out.pcie_transmit_rate = kilobytes * 1e3;
  }
  if (library_.pcie_throughput(entry.device, nvml::kPcieReceive, &kilobytes) == kSuccess) {
    out.pcie_receive_rate = kilobytes * 1e3;
  }
}

void Counters::read_errors(const Entry& entry, SlowReading& out) const {
  unsigned long long count = 0;
  if (library_.ecc_errors == nullptr) return;
  if (library_.ecc_errors(entry.device, nvml::kCorrected, nvml::kSinceDriverLoad, &count) == kSuccess) {
    out.ecc_corrected = count;
  }
  if (library_.ecc_errors(entry.device, nvml::kUncorrected, nvml::kSinceDriverLoad, &count) == kSuccess) {
    out.ecc_uncorrected = count;
  }
}

std::vector<std::vector<GpuProcess>> Counters::processes() const {
  std::vector<std::vector<GpuProcess>> all;
  all.reserve(devices_.size());
  for (const Entry& entry : devices_) all.push_back(processes_on(library_, entry.device));
  all.resize(devices_.size() + amd_.size());  // the kernel does not tell whose memory it is
  return all;
}

std::vector<Xid> Counters::take_errors() {
  std::vector<Xid> errors;
  if (events_ == nullptr) return errors;
  constexpr std::size_t kMost = 64;  // a dying card may report without end
  nvml::EventData event{};
  while (errors.size() < kMost && library_.wait_event(events_, &event, 0) == kSuccess) {
    if (event.type != nvml::kEventXid) continue;
    for (const Entry& entry : devices_) {
      if (entry.device == event.device) errors.push_back({entry.index, event.data});
    }
  }
  return errors;
}

}  // namespace llt::gpus
