#pragma once
// What the engine is asked to do, as far as it decides what it needs.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gguf/tensor_type.h"

namespace llt::placement {

enum class SplitMode {
  layer,   ///< each card has whole layers
  row,     ///< the rows of each matrix are spread over the cards
  tensor,  ///< matrices and caches are spread over the cards
};

[[nodiscard]] std::string_view to_string(SplitMode mode) noexcept;

/// As --flash-attn has it. `automatic` is planned as on: llama.cpp leaves it off only for models and cards
/// that lack it.
enum class FlashAttention { on, off, automatic };

[[nodiscard]] std::string_view to_string(FlashAttention mode) noexcept;

/// llama-server's own defaults, unless said otherwise.
struct EngineOptions {
  /// Tokens of context over all slots. Nothing: as many as the model was trained on, or as many of them as
  /// fit.
  std::optional<std::uint64_t> context;
  /// Requests at once. Nothing: four that share one cache, which is what llama-server does by itself.
  std::optional<std::uint64_t> parallel;
  gguf::TensorTypeId key_type = 1;  ///< of the cache; 1 is f16
  gguf::TensorTypeId value_type = 1;
  std::uint64_t batch = 2048;       ///< tokens handed to the engine at once
  std::uint64_t micro_batch = 512;  ///< tokens computed at once
  FlashAttention flash_attention = FlashAttention::on;
  SplitMode split_mode = SplitMode::layer;
  std::vector<double> tensor_split;               ///< shares of the cards; empty: by their memory
  std::optional<std::uint64_t> offloaded_layers;  ///< as --n-gpu-layers counts them; nothing: all
  /// Whether all slots share one cache. Nothing: they do unless `parallel` is given.
  std::optional<bool> shared_cache;

  [[nodiscard]] bool has_flash_attention() const noexcept { return flash_attention != FlashAttention::off; }
  [[nodiscard]] bool shares_cache() const noexcept { return shared_cache.value_or(!parallel); }
};

/// Types that llama-server takes for --cache-type-k and --cache-type-v.
[[nodiscard]] std::vector<gguf::TensorTypeId> cache_types();

/// What llama.cpp 11434 makes of these numbers (llama_context's constructor).
struct ContextShape {
  std::uint64_t tokens = 0;       ///< of context, all slots together
  std::uint64_t cells = 0;        ///< of each stream of the cache
  std::uint64_t streams = 0;      ///< caches side by side: one a slot, or one that all share
  std::uint64_t sequences = 0;    ///< slots
  std::uint64_t micro_batch = 0;  ///< tokens computed at once, after all limits
  std::uint64_t rows = 0;         ///< those tokens, as many for each slot: what memory is reserved for
  bool shared = false;            ///< all slots share one cache (--kv-unified)
};

/// The most slots and tokens that are planned for; llama.cpp has the first limit (LLAMA_MAX_SEQ) itself.
inline constexpr std::uint64_t kMostSlots = 256;
inline constexpr std::uint64_t kMostTokens = 1ull << 28;
inline constexpr std::uint64_t kMostBatch = 1ull << 20;

/// `context` tokens, at least 1.
[[nodiscard]] ContextShape context_shape(const EngineOptions& options, std::uint64_t context) noexcept;

}  // namespace llt::placement
