#pragma once
// The counters of every GPU, to be read many times a second.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gpus/gpus.h"
#include "gpus/nvml.h"

namespace llt::gpus {

/// What a card says of itself at one moment. What its driver does not tell is not set.
struct Reading {
  int index = 0;                                       ///< in PCI bus order
  std::optional<double> utilization;                   ///< share of time in which a kernel ran
  std::optional<double> memory_activity;               ///< share of time in which memory was used
  std::optional<std::uint64_t> memory_used_bytes;      ///< allocated by processes
  std::optional<std::uint64_t> memory_reserved_bytes;  ///< kept by the driver
  std::optional<std::uint64_t> memory_total_bytes;
  std::optional<double> power_watts;
  std::optional<double> temperature_celsius;
  std::optional<std::uint64_t> sm_clock_hz, memory_clock_hz;
  std::optional<std::uint64_t> throttle_reasons;  ///< bits, see throttle_names()
};

/// What takes the driver long to tell: 6 ms of a CPU for an H100, most of it for the energy; 40 ms of waiting
/// for a card that does not count PCIe bytes.
struct SlowReading {
  std::optional<double> energy_joules;                                   ///< since the driver was loaded
  std::optional<std::uint64_t> pcie_transmit_bytes, pcie_receive_bytes;  ///< counted; they wrap
  std::optional<double> pcie_transmit_rate, pcie_receive_rate;  ///< bytes/s in the driver's last 20 ms
  std::optional<std::uint64_t> nvlink_transmit_bytes, nvlink_receive_bytes;  ///< counted, of all links
  std::optional<std::uint64_t> ecc_corrected, ecc_uncorrected;               ///< since the driver was loaded
};

/// A critical error that the driver reported (NVIDIA's "Xid").
struct Xid {
  int index = 0;
  std::uint64_t code = 0;
};

/// The names of the bits of `reasons` that mean a clock below what was asked for, separated by commas; an
/// idle card is none of them.
[[nodiscard]] std::string throttle_names(std::uint64_t reasons);

struct AmdCard;

/// One thread.
class Counters {
 public:
  /// The cards of this machine; none without a driver.
  Counters();
  ~Counters();
  Counters(Counters&&) noexcept;
  Counters& operator=(Counters&&) = delete;

  [[nodiscard]] bool empty() const noexcept;

  /// All cards; some 20 µs each on an H100.
  [[nodiscard]] std::vector<Reading> read() const;
  /// The rest, in the order of read().
  [[nodiscard]] std::vector<SlowReading> read_slow();
  /// The processes on each card, in the order of read().
  [[nodiscard]] std::vector<std::vector<GpuProcess>> processes() const;
  /// The errors since the last call.
  [[nodiscard]] std::vector<Xid> take_errors();

 private:
  struct Entry {
    int index;
    nvml::Device device;
    bool counts_pcie = true;
    bool counts_nvlink = true;
  };
  void read_memory(const Entry& entry, Reading& out) const;
  void read_clocks(const Entry& entry, Reading& out) const;
  void read_traffic(Entry& entry, SlowReading& out) const;
  void read_errors(const Entry& entry, SlowReading& out) const;
  void add_nvidia();
  void listen();

  const nvml::Library& library_;
  std::vector<Entry> devices_;
  std::vector<AmdCard> amd_;
  nvml::EventSet events_ = nullptr;
};

}  // namespace llt::gpus
