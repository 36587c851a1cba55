#pragma once
// Why a request, or a whole trace, took as long as it did: in sentences.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace llt::views {

struct TraceIndex;

/// "62 % decode, 1.24 s: 120 tokens, 10.3 ms each" for a row of `requests`; empty when nothing is known.
[[nodiscard]] std::string longest_phase(const nlohmann::ordered_json& request);

/// Sentences, the most telling first. Each says only what was measured.
[[nodiscard]] std::vector<std::string> why_slow(const TraceIndex& trace);

}  // namespace llt::views
