#pragma once
// The chain of an engine's steps that a request's time consists of. Pure.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace llt::app {

/// A step as one request saw it. The four times add up to `end - start`.
struct PathStep {
  UnixNs start = 0, end = 0;
  bool is_in = false;  ///< the request had tokens in it
  std::int64_t own_prefill = 0, own_decode = 0, others_prefill = 0, others_decode = 0;
  std::string others;          ///< the request that cost it most there; empty: none that is known
  std::int64_t others_ns = 0;  ///< ... and how much
};

/// The chain of steps, each beginning after the one before it had ended, that covers most time: the critical
/// path over steps. Indices in order. `steps` are in order of start. Linear in their number when they end in
/// that order too, as an engine's do; no recursion. Steps that take no time are never in it.
[[nodiscard]] std::vector<std::size_t> longest_chain(std::span<const PathStep> steps);

enum class StretchKind : std::uint8_t {
  waiting,      ///< before its first step: others' steps
  prefill,      ///< its prompt
  stalled,      ///< generating, with a part of another's prompt in the step
  decode,       ///< generating
  passed_over,  ///< it had begun, and was not in the step
};
[[nodiscard]] std::string_view to_string(StretchKind kind) noexcept;

/// Steps of one kind that follow each other on the path, and the time between them.
struct Stretch {
  StretchKind kind = StretchKind::waiting;
  UnixNs start = 0, end = 0;
  std::size_t steps = 0;
  std::int64_t own = 0, others_prefill = 0, others_decode = 0, gaps = 0;  ///< add up to end - start
  std::string others;
  std::int64_t others_ns = 0;  ///< of the step in which `others` cost most
};

/// The path between `from` and `to` as stretches that cover it exactly: the time before the first step and
/// after the last one is gap of the first and last stretch. Empty without steps.
[[nodiscard]] std::vector<Stretch> stretches(std::span<const PathStep> steps, UnixNs from, UnixNs to);

}  // namespace llt::app
