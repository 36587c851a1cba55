#pragma once
// A turn: the stretch of steps that one sequence (slot) spends on one prompt and its answer.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "telemetry/steps/prompt_prefix.h"

namespace llt::telemetry {

/// One step as a turn saw it. The four times add up to end - start.
struct TurnSlice {
  SteadyNs start = 0, end = 0;
  std::int64_t own_prefill = 0, own_decode = 0, others_prefill = 0, others_decode = 0;
  bool prompt_read = false;  ///< its own prompt was computed before this step
};

/// What another turn cost it.
struct Delay {
  std::uint64_t by_turn = 0;
  SteadyNs first = 0;
  std::uint32_t steps = 0;
  std::int64_t prefill = 0, decode = 0;
};

struct Turn {
  std::uint64_t number = 0;
  std::int32_t slot = 0;
  std::optional<std::uint64_t> copied_from;
  std::optional<std::int32_t> cached_tokens;  ///< position of its first token
  SteadyNs start = 0, end = 0;                ///< of its first and last step
  std::uint32_t steps = 0;
  std::uint64_t prefill_tokens = 0, decode_tokens = 0, draft_tokens = 0;
  std::int64_t own_ns = 0, own_prefill_ns = 0;
  bool prompt_read = false;
  bool closed = false;  ///< no step of its own can follow

  std::optional<PromptPrefix> prefix;  ///< nullopt: the probe does not tell what its slot holds

  std::vector<TurnSlice> slices;  ///< up to its last own step
  std::vector<Delay> delays;
  std::vector<TurnSlice> pending;  ///< steps of others since then: its own only if it goes on
  std::vector<Delay> pending_delays;

  bool claimed = false;     ///< by a request of ours
  bool reads_cache = true;  ///< its kind of request can use what its slot holds; embeddings cannot
  std::string request_id;
};

}  // namespace llt::telemetry
