#pragma once
// The gaps between a stream's content chunks in a few numbers.

#include <cstdint>
#include <optional>
#include <span>

namespace llt::telemetry {

struct GapSummary {
  std::int64_t p50_ns = 0, p95_ns = 0, p99_ns = 0, max_ns = 0;

  friend bool operator==(const GapSummary&, const GapSummary&) = default;
};

/// Nearest-rank percentiles; nullopt when there is no gap.
[[nodiscard]] std::optional<GapSummary> summarize_gaps(std::span<const std::uint32_t> gaps_us);

}  // namespace llt::telemetry
