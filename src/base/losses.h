#pragma once
// Process-wide counters of lost or bad data, named in schema/losses.toml. Counting is one relaxed atomic
// addition: any thread, no lock, also in a hot path.

#include <array>
#include <cstdint>

#include "schema/losses.h"

namespace llt {

/// Adds `n` to a counter. Any thread; never fails.
void count_loss(Loss loss, std::uint64_t n = 1) noexcept;

/// The counter's value since the process started. Any thread.
[[nodiscard]] std::uint64_t loss_count(Loss loss) noexcept;

/// All counters since the process started, indexed by Loss. Each value is exact; together they are not a
/// snapshot of one moment.
[[nodiscard]] std::array<std::uint64_t, kLossCount> loss_counts() noexcept;

}  // namespace llt
