#pragma once
// Everything that is read rather than recorded: live counts, the engine's facts, losses, the store.

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "schema/names.h"
#include "store/store.h"
#include "telemetry/phases.h"
#include "telemetry/telemetry.h"

namespace llt::telemetry {

/// One value of one gauge or counter.
struct Sample {
  struct Label {
    const char* name;
    std::string_view value;  ///< lives as long as the process
  };
  const names::MetricInfo* metric;
  double value;
  std::vector<Label> labels{};
};

class GpuWatch;

/// Any thread, except where it says otherwise.
class Gauges {
 public:
  /// `gpus` may be null: a machine without a GPU. What is given must outlive this.
  Gauges(const LiveCounts& live, const store::Store& store, const GpuWatch* gpus)
      : live_(live), store_(store), gpus_(gpus) {}

  void set_engine(EngineFacts facts);
  void count_restart() noexcept { restarts_seen_.fetch_add(1, std::memory_order_relaxed); }
  /// Telemetry thread: tokens of a finished request, for throughput and the cache's hit ratio.
  void count_tokens(const RequestRecord& record);
  /// Telemetry thread: closes the current interval of the throughput gauges, `seconds` long.
  void close_interval(double seconds);

  /// The present values; what is not known is not there. At most `max_age_ms` old.
  [[nodiscard]] std::vector<Sample> read(int max_age_ms);

 private:
  [[nodiscard]] std::vector<Sample> read_now() const;

  const LiveCounts& live_;
  const store::Store& store_;
  const GpuWatch* gpus_;
  std::atomic<std::int64_t> restarts_seen_{0};
  std::atomic<std::int64_t> prompt_tokens_{0}, cached_tokens_{0};
  std::atomic<double> prefill_rate_{0}, decode_rate_{0};
  std::int64_t interval_processed_ = 0, interval_generated_ = 0;

  mutable std::mutex mutex_;  ///< for what follows
  EngineFacts facts_;
  std::vector<Sample> last_;
  SteadyNs last_read_ = 0;
};

/// Counts and bytes are whole numbers; ratios and rates are not.
[[nodiscard]] bool is_fractional(const names::MetricInfo& metric) noexcept;

}  // namespace llt::telemetry
