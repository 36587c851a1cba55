#include "telemetry/steps/prompt_prefix.h"

#include <algorithm>

namespace llt::telemetry {
namespace {

void add_prompt_block(const PrefixIndex& index, PromptPrefix& prompt, std::uint64_t block,
                      std::uint64_t hash) {
  if (block < prompt.hashes.size()) return;  // told again: the cache was moved
  prompt.hashes.resize(block, 0);
  prompt.hashes.push_back(hash);
  const PrefixIndex::Known* known = index.find(hash);
  prompt.matches = prompt.matches && known != nullptr && known->since < prompt.since;
  if (!prompt.matches) return;
  const std::uint64_t end = (block + 1) * kBlockTokens;
  if (known->holders > 0) prompt.held += end - std::max(prompt.cached, block * kBlockTokens);
  prompt.reusable = std::max(prompt.reusable, end);
  if (known->turn != 0) prompt.shares_with = known->turn;
}

}  // namespace

PromptPrefix begin_prompt(PrefixIndex& index, std::int32_t slot, std::uint64_t cached, std::uint64_t step,
                          std::uint64_t turn) {
  PromptPrefix prompt;
  prompt.since = step;
  prompt.cached = prompt.reusable = cached;
  const auto held = index.held_by(slot);
  const std::size_t blocks = std::min<std::size_t>(cached / kBlockTokens, kMostBlocks);
  prompt.hashes.assign(held.begin(),
                       held.begin() + static_cast<std::ptrdiff_t>(std::min(blocks, held.size())));
  prompt.hashes.resize(blocks, 0);
  if (blocks > 0) {
    const PrefixIndex::Known* last = index.find(prompt.hashes.back());
    if (last != nullptr && last->turn != 0) prompt.shares_with = last->turn;
  }
  for (const std::uint64_t hash : prompt.hashes) {
    if (hash != 0) index.note(hash, step, turn);
  }
  return prompt;
}

void add_blocks(PrefixIndex& index, PromptPrefix* prompt, const BlockHashes& blocks, std::uint64_t prompt_end,
                std::uint64_t step, std::uint64_t turn) {
  std::uint64_t block = blocks.first;
  for (const std::uint64_t hash : blocks.hashes) {
    if (prompt != nullptr && (block + 1) * kBlockTokens <= prompt_end && block < kMostBlocks) {
      add_prompt_block(index, *prompt, block, hash);
    }
    index.note(hash, step, turn);
    ++block;
  }
  index.hold(blocks.slot, blocks.first, blocks.hashes);
}

PromptReuse reuse_of(const PromptPrefix& prompt, std::uint64_t prompt_tokens) {
  PromptReuse out;
  const std::uint64_t could = std::min(prompt.reusable, prompt_tokens == 0 ? 0 : prompt_tokens - 1);
  out.recomputed = could > prompt.cached ? could - prompt.cached : 0;
  out.recomputed_held = std::min(prompt.held, out.recomputed);
  out.hashes_known = prompt.hashes.size() == prompt_tokens / kBlockTokens &&
                     std::ranges::find(prompt.hashes, 0u) == prompt.hashes.end();
  return out;
}

}  // namespace llt::telemetry
