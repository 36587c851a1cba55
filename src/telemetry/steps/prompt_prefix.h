#pragma once
// What of a prompt had been computed before it was asked. Pure.

#include <cstdint>
#include <optional>
#include <vector>

#include "telemetry/steps/prefix_index.h"

namespace llt::telemetry {

/// Of one turn, while its prompt is read. Counts are tokens.
struct PromptPrefix {
  std::uint64_t since = 0;  ///< its first step: what was computed then or later came too late for it
  std::uint64_t cached = 0;
  std::uint64_t reusable = 0;  ///< its longest beginning that had been computed before
  std::uint64_t held = 0;      ///< of what it computed again: in another slot's cache at that moment
  std::optional<std::uint64_t> shares_with;
  std::vector<std::uint64_t> hashes;  ///< of its blocks, from its begin; 0 for one that is not known
  bool matches = true;                ///< all its blocks until now had been computed before
};

/// A turn begins with `cached` tokens that its slot holds.
[[nodiscard]] PromptPrefix begin_prompt(PrefixIndex& index, std::int32_t slot, std::uint64_t cached,
                                        std::uint64_t step, std::uint64_t turn);

/// Blocks of a sequence that `step` completed, of which those up to `prompt_end` (tokens) are prompt.
/// nullptr: of no prompt.
void add_blocks(PrefixIndex& index, PromptPrefix* prompt, const BlockHashes& blocks, std::uint64_t prompt_end,
                std::uint64_t step, std::uint64_t turn);

struct PromptReuse {
  std::uint64_t recomputed = 0, recomputed_held = 0;
  bool hashes_known = false;  ///< of all whole blocks
};
[[nodiscard]] PromptReuse reuse_of(const PromptPrefix& prompt, std::uint64_t prompt_tokens);

}  // namespace llt::telemetry
