#pragma once
// W3C Trace Context level 1: https://www.w3.org/TR/trace-context/

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace llt::gateway {

struct TraceParent {
  TraceId trace_id;
  SpanId parent_id;
  bool sampled = false;
};

/// Nothing for a malformed header; the caller then starts a new trace, as the recommendation says.
[[nodiscard]] std::optional<TraceParent> parse_traceparent(std::string_view text) noexcept;

[[nodiscard]] std::string format_traceparent(const TraceParent& parent);

}  // namespace llt::gateway
