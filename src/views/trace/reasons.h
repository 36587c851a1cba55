#pragma once
// Why a request, or a whole trace, took as long as it did: in sentences.

#include <string>
#include <vector>

namespace llt::views {

struct TraceIndex;

/// Sentences, the most telling first. Each says only what was measured.
[[nodiscard]] std::vector<std::string> why_slow(const TraceIndex& trace);

}  // namespace llt::views
