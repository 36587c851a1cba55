#pragma once
// GET /api/v1/heatmap: how many requests took how long, over time, counted in the store.

#include "views/reply.h"
#include "views/target.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

/// Takes the filters of lists of requests, `metric` (a column in nanoseconds), `x` and `y` (cells in each
/// direction). Durations are laid on a logarithmic axis. When few enough requests are left, each comes as a
/// dot too.
[[nodiscard]] Reply request_heatmap(store::Reader& reader, const Target& target);

}  // namespace llt::views
