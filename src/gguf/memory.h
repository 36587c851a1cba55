#pragma once
// What a running sequence needs to remember, block by block: the figures from which a planner reckons the KV
// cache and the recurrent states.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gguf/architecture.h"
#include "gguf/memory_rules.h"

namespace llt::gguf {

/// One block (layer) of the model. All counts are values (numbers), not bytes: multiply by the bytes of the
/// cache's type.
struct Block {
  bool attention = false;
  bool windowed = false;           ///< attention sees only the last `ModelMemory::window` tokens
  bool recurrent = false;          ///< has a state; falcon-h1's blocks have both
  bool draft = false;              ///< predicts further tokens; without memory unless drafting is switched on
  std::uint64_t key_values = 0;    ///< keys cached for each token; 0 without a cache of its own
  std::uint64_t value_values = 0;  ///< values cached for each token; 0 with latent attention
  std::uint64_t state_values = 0;  ///< recurrent state of one sequence, kept as f32
};

struct ModelMemory {
  MemoryKind kind = MemoryKind::unknown;
  std::string why_unknown;    ///< one sentence without a full stop; empty unless the kind is unknown
  std::uint64_t window = 0;   ///< tokens of the sliding window; 0: none
  bool latent = false;        ///< multi-head latent attention
  std::vector<Block> blocks;  ///< one for each of block_count; empty when the kind is unknown

  /// Bytes that one more token adds to an f16 cache while the sequence is shorter than the window. Nothing
  /// when the kind is unknown.
  [[nodiscard]] std::optional<std::uint64_t> kv_bytes_per_token() const noexcept;
  /// The same once the sequence has outgrown the window: only blocks without one still grow.
  [[nodiscard]] std::optional<std::uint64_t> kv_bytes_per_token_beyond_window() const noexcept;
  /// Bytes of all recurrent states of one sequence (f32).
  [[nodiscard]] std::optional<std::uint64_t> state_bytes_per_sequence() const noexcept;
};

/// By the rules of llama.cpp 11434 (llama_model::create_memory, llama_hparams). Never a guess: what is not
/// known for sure is of kind `unknown`, with the reason.
[[nodiscard]] ModelMemory model_memory(const Architecture& architecture);

}  // namespace llt::gguf
