#pragma once
// The figures of `report`, all by SQL over the store.

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "app/slo.h"
#include "app/source.h"
#include "base/clock.h"
#include "base/error.h"

namespace llt::app {

/// The members that hold a latency distribution, each {"p50","p90","p95","p99","mean","count"} in
/// milliseconds; values are null when count is 0.
inline constexpr std::array<std::string_view, 7> kLatencyMembers = {
    "ttft_ms", "tpot_ms", "itl_ms", "queue_ms", "prefill_ms", "decode_ms", "e2e_ms"};

/// The document of `report --json` (docs/cli.md lists its members) over requests that began after
/// `since_unix_ns`. Distributions cover successful inference requests; nothing is estimated: what a request
/// does not know is not in the figure. With a service level, goodput counts the requests that keep it;
/// without, all that succeeded.
[[nodiscard]] Result<nlohmann::ordered_json> report_document(Source& source,
                                                             std::optional<UnixNs> since_unix_ns,
                                                             const std::optional<Slo>& slo = std::nullopt);

}  // namespace llt::app
