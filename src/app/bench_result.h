#pragma once
// What a load run found: pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/slo.h"
#include "load/run.h"

namespace llt::app {

/// Milliseconds. With `count` 0 nothing else is known.
struct Distribution {
  double p50 = 0, p90 = 0, p95 = 0, p99 = 0, mean = 0;
  std::uint64_t count = 0;
};

/// Quantiles are interpolated between the two nearest values, as the store's are.
[[nodiscard]] Distribution distribution_of(std::vector<double> values);

struct SloCount {
  std::uint64_t met = 0, missed = 0;
};

struct BenchResult {
  std::uint64_t requests = 0;  ///< that ended
  std::map<std::string, std::uint64_t> errors_by_type;
  /// Of successful requests. In an open loop `ttft`, `e2e` and `queue` begin when the request was due.
  Distribution ttft, tpot, itl, queue, prefill, decode, e2e;
  std::uint64_t input_tokens = 0, output_tokens = 0;  ///< of successful requests
  bool tokens_from_usage = true;  ///< false: some server answers had no usage; pieces of content were counted
  double seconds = 0;             ///< from the first request to the last byte
  std::optional<SloCount> slo;    ///< nothing without one

  [[nodiscard]] std::uint64_t errors() const;
  [[nodiscard]] double per_second(std::uint64_t count) const;
  /// Requests that kept the service level; without one, that succeeded.
  [[nodiscard]] std::uint64_t good() const;
};

[[nodiscard]] BenchResult result_of(const load::Outcome& outcome, const std::optional<Slo>& slo);

}  // namespace llt::app
