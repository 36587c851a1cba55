#pragma once
// One batch step of an engine, as the probe's records tell it. Plain data.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "telemetry/steps/prefix_index.h"

namespace llt::telemetry {

enum class StepContext : std::uint8_t { target, draft };
enum class StepOperation : std::uint8_t { decode, encode };

struct StepMember {
  std::int32_t slot = 0;
  std::uint32_t tokens = 0, outputs = 0;
  std::optional<std::int32_t> first_position, last_position;
};

struct Step {
  std::uint64_t number = 0;  ///< the record's order: larger is later
  StepContext context = StepContext::target;
  StepOperation operation = StepOperation::decode;
  SteadyNs start = 0, finish = 0;
  std::optional<SteadyNs> synced;  ///< the engine had waited for the results
  std::int32_t result = 0;
  std::uint32_t tokens = 0;
  std::optional<std::uint32_t> outputs, kv_tokens;
  bool partial = false;  ///< some of its tokens belong to no member
  std::vector<StepMember> members;
  std::vector<BlockHashes> blocks;  ///< that it completed

  [[nodiscard]] SteadyNs end() const noexcept { return synced && *synced > finish ? *synced : finish; }
};

/// What the engine did to its cache.
struct CacheChange {
  enum class Kind : std::uint8_t { remove, copy, clear };
  Kind kind = Kind::remove;
  std::int32_t slot = 0;          ///< negative: all
  std::int32_t to_slot = 0;       ///< of a copy
  std::int32_t from = 0, to = 0;  ///< positions; negative: from the first, to the last
};

/// The engine copied what a sequence holds out of its cache, or into it.
struct StateCopy {
  bool is_load = false;
  std::int32_t slot = 0;
  SteadyNs start = 0;
  std::int64_t took_ns = 0;
  std::uint64_t bytes = 0;
};

/// A context that the engine made, and its limits; nullopt: not known.
struct EngineContext {
  SteadyNs made = 0;
  std::optional<std::uint32_t> context_tokens, batch_tokens, ubatch_tokens, sequences;
};

}  // namespace llt::telemetry
