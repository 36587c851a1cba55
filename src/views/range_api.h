#pragma once
// GET /api/v1/range: the live page's curves for any stretch of time that the store holds.

#include "views/reply.h"
#include "views/target.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

/// `from` and `to` in seconds since 1970 (to exclusive); `step` in seconds, chosen when absent so that there
/// are at most 900 points. The rows are those of the live stream; sums are per second.
[[nodiscard]] Reply curves_of_range(store::Reader& reader, const Target& target);

}  // namespace llt::views
