#pragma once
// One thread that reads the GPUs many times a second: rows for the store, the newest state for gauges and the
// console. Touches no socket and no request.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gpus/counters.h"
#include "gpus/gpus.h"
#include "store/store.h"
#include "telemetry/telemetry.h"

namespace llt::telemetry {

class GpuWatch {
 public:
  /// Nothing on a machine without a GPU, and with a rate of 0.
  [[nodiscard]] static std::unique_ptr<GpuWatch> start(const GpuOptions& options, store::Store& store);
  ~GpuWatch();
  GpuWatch(const GpuWatch&) = delete;
  GpuWatch& operator=(const GpuWatch&) = delete;

  /// Takes no more readings; what was read last stays. Once or more.
  void stop();

  /// Any thread; at most one reading old.
  [[nodiscard]] std::vector<GpuState> states() const;
  /// Any thread. What does not change while we run; valid as long as this lives.
  [[nodiscard]] const std::vector<GpuIdentity>& identities() const noexcept { return identities_; }

 private:
  GpuWatch(const GpuOptions& options, store::Store& store, gpus::Counters counters);
  void identify();
  void run();
  void read(bool thorough);
  void read_slow(std::vector<GpuState>& states);
  void read_processes(std::int64_t at, std::vector<GpuState>& states);
  void report_errors(std::int64_t at);
  void store_reading(std::int64_t at, const GpuState& state, bool thorough);

  const GpuOptions options_;
  store::Store& store_;
  gpus::Counters counters_;
  std::vector<GpuIdentity> identities_;

  mutable std::mutex mutex_;
  std::vector<GpuState> states_;  ///< under the mutex; written by the thread alone

  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// Rates from two readings of counters that wrap at 32 or 64 bits; nothing when a counter went back
/// otherwise.
[[nodiscard]] std::optional<double> rate(std::optional<std::uint64_t> before,
                                         std::optional<std::uint64_t> now, double seconds) noexcept;

}  // namespace llt::telemetry
