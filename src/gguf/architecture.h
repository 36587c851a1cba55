#pragma once
// What a model's metadata says about its shape, under the keys that llama.cpp reads.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/header.h"

namespace llt::gguf {

/// llama.cpp takes no more blocks than this (LLAMA_MAX_LAYERS).
inline constexpr std::size_t kMostBlocks = 512;

/// A number that may differ from block to block: GGUF has one value for all, or an array with one for each.
using PerBlock = std::vector<std::uint64_t>;

/// Each field is one key, without its architecture's name in front. Nothing: the file does not say, or what
/// it says is no number.
struct Architecture {
  std::string name;  ///< general.architecture, for example "llama"

  std::optional<std::uint64_t> block_count;
  std::optional<std::uint64_t> context_length;
  std::optional<std::uint64_t> embedding_length;
  std::optional<std::uint64_t> vocab_size;            ///< else the number of tokens in the vocabulary
  std::optional<std::uint64_t> nextn_predict_layers;  ///< draft blocks at the end, part of block_count

  PerBlock feed_forward_length;  ///< one for each block; empty when not said. The same for all PerBlock.
  PerBlock head_count;
  PerBlock head_count_kv;  ///< the same as head_count when the file does not say
  std::optional<std::uint64_t>
      key_length;  ///< per head; embedding_length / head_count when the file does not say
  std::optional<std::uint64_t> value_length;
  std::optional<std::uint64_t> key_length_swa;  ///< in sliding-window blocks, where they differ
  std::optional<std::uint64_t> value_length_swa;
  std::optional<std::uint64_t> rope_dimension_count;

  std::optional<std::uint64_t> q_lora_rank;
  std::optional<std::uint64_t> kv_lora_rank;
  std::optional<std::uint64_t> key_length_mla;  ///< with value_length_mla: keys alone are cached, compressed
  std::optional<std::uint64_t> value_length_mla;

  std::optional<std::uint64_t> sliding_window;         ///< tokens
  std::optional<std::uint64_t> sliding_window_period;  ///< sliding_window_pattern as one number
  PerBlock sliding_window_blocks;  ///< sliding_window_pattern as an array: 1 where the window applies
  std::optional<std::uint64_t> shared_kv_layers;  ///< blocks at the end that use an earlier block's cache

  PerBlock recurrent_layers;  ///< 1 where a block is recurrent
  std::optional<std::uint64_t> full_attention_interval;
  std::optional<std::uint64_t> ssm_conv_kernel;
  std::optional<std::uint64_t> ssm_inner_size;
  std::optional<std::uint64_t> ssm_state_size;
  std::optional<std::uint64_t> ssm_time_step_rank;
  std::optional<std::uint64_t> ssm_group_count;
  std::optional<std::uint64_t> wkv_head_size;
  std::optional<std::uint64_t> token_shift_count;
  std::optional<std::uint64_t> shortconv_l_cache;
  std::optional<std::uint64_t> kda_head_dim;

  std::optional<std::uint64_t> expert_count;
  PerBlock expert_used_count;
  std::optional<std::uint64_t> expert_shared_count;
  PerBlock expert_feed_forward_length;

  /// Whether keys are cached compressed and values not at all (multi-head latent attention).
  [[nodiscard]] bool latent_attention() const noexcept {
    return key_length_mla.value_or(0) != 0 && value_length_mla.value_or(0) != 0;
  }
  /// Blocks that generate, without the draft blocks behind them.
  [[nodiscard]] std::optional<std::uint64_t> trunk_blocks() const noexcept;
};

[[nodiscard]] Architecture read_architecture(const Metadata& metadata);

/// The value that all blocks share; nothing when they differ or it is not said.
[[nodiscard]] std::optional<std::uint64_t> uniform(const PerBlock& values) noexcept;

}  // namespace llt::gguf
