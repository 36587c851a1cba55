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

/// One value of one gauge or counter, with at most one label.
struct Sample {
  const names::MetricInfo* metric;
  double value;
  const char* label = nullptr;
  std::string_view label_value{};  ///< a constant
  const char* label2 = nullptr;
  std::string_view label2_value{};
};

/// Any thread, except where it says otherwise.
class Gauges {
 public:
  Gauges(const LiveCounts& live, const store::Store& store) : live_(live), store_(store) {}

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
