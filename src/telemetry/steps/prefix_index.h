#pragma once
// Which beginnings of prompts an engine has computed, and which of them its slots hold. Pure; one per engine
// process.
//
// A block's hash is over all tokens from the sequence's begin to the block's end (src/wire/probe_records.h):
// who knows the hash of a block has had everything before it too.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "wire/probe_records.h"

namespace llt::telemetry {

/// Of one prompt: longer ones are compared up to here.
inline constexpr std::size_t kMostBlocks = 1u << 16;

/// Of the tokens that one hash stands for.
inline constexpr std::uint64_t kBlockTokens = LLT_PROBE_BLOCK;

/// What a sequence holds from a block on, as the probe told it. Empty: not known.
struct BlockHashes {
  std::int32_t slot = 0;
  std::uint32_t first = 0;
  std::vector<std::uint64_t> hashes;
};

class PrefixIndex {
 public:
  struct Known {
    std::uint64_t since = 0;    ///< the step that first computed it
    std::uint64_t turn = 0;     ///< the last one that had it; 0: none that is known
    std::uint32_t holders = 0;  ///< slots whose cache has it now
  };

  /// Remembers at most this many blocks, the oldest go first.
  explicit PrefixIndex(std::size_t most = std::size_t{1} << 18) : most_(most) {}

  /// nullptr: it was not computed, or long ago.
  [[nodiscard]] const Known* find(std::uint64_t hash) const;

  /// A turn has this block; `step` computed it when it is new.
  void note(std::uint64_t hash, std::uint64_t step, std::uint64_t turn);

  /// A slot holds these blocks from block `first` on, and nothing behind them.
  void hold(std::int32_t slot, std::uint32_t first, std::span<const std::uint64_t> hashes);
  /// A slot holds `tokens` at most. A negative slot: all do.
  void cut(std::int32_t slot, std::uint64_t tokens);

  /// A slot's blocks from its begin; 0 for one that is not known.
  [[nodiscard]] std::span<const std::uint64_t> held_by(std::int32_t slot) const;

  /// Whether the probe has ever told of a block.
  [[nodiscard]] bool is_told() const noexcept { return told_; }
  void set_told() noexcept { told_ = true; }

 private:
  void shorten(std::vector<std::uint64_t>& held, std::size_t blocks);

  std::size_t most_;
  std::unordered_map<std::uint64_t, Known> known_;
  std::deque<std::uint64_t> order_;  ///< of becoming known
  std::map<std::int32_t, std::vector<std::uint64_t>> slots_;
  bool told_ = false;
};

}  // namespace llt::telemetry
