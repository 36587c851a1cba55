#pragma once
// A stated service level: what a request must keep to count as served well.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace llt::app {

/// Limits in nanoseconds; at least one is set.
struct Slo {
  std::optional<std::int64_t> ttft_ns;  ///< time to first token
  std::optional<std::int64_t> tpot_ns;  ///< time per output token after the first
  std::optional<std::int64_t> e2e_ns;   ///< the whole request
};

/// "ttft=500ms,tpot=50ms", "e2e=30s": each name at most once.
[[nodiscard]] Result<Slo> parse_slo(std::string_view text);

/// SQL over a row of `requests`: TRUE when it keeps the level, FALSE when it failed or misses a limit, NULL
/// when a limit cannot be judged (a plain answer has no time to first token).
[[nodiscard]] std::string slo_sql(const Slo& slo);

/// The same for one limit: `ttft`, `tpot` or `e2e`; NULL where it is not stated.
[[nodiscard]] std::string slo_limit_sql(const Slo& slo, std::string_view limit);

}  // namespace llt::app
