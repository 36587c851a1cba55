#pragma once
// Which memory llama.cpp gives to each architecture: the one table that knows architectures by name.

#include <cstdint>
#include <string_view>

namespace llt::gguf {

/// What a running sequence needs to remember.
enum class MemoryKind {
  unknown,    ///< an architecture that we do not know, or whose cache follows rules of its own
  none,       ///< encoders and diffusion models keep nothing between tokens
  attention,  ///< keys and values of every token
  recurrent,  ///< a state of fixed size
  hybrid,     ///< some blocks one, some the other
};

/// When a sliding window applies.
enum class WindowRule {
  never,
  if_said,      ///< attention.sliding_window is there and not 0
  unless_zero,  ///< attention.sliding_window is missing or not 0
  always,
};

/// Which blocks of a hybrid architecture are recurrent.
enum class RecurrentRule {
  none,
  no_kv_heads,        ///< those whose head_count_kv is 0
  no_kv_heads_no_ff,  ///< those whose head_count_kv and feed_forward_length are both 0
  interval,           ///< attention.recurrent_layers, otherwise all but every full_attention_interval-th
  every_block_both,   ///< each block has attention and a state
};

struct MemoryRule {
  std::string_view architecture;
  MemoryKind kind = MemoryKind::attention;
  WindowRule window = WindowRule::never;
  std::uint32_t default_window = 0;  ///< tokens; 0: the file has to say
  bool fixed_window = false;         ///< default_window counts whatever the file says
  std::uint32_t period = 0;          ///< every so many blocks one has no window; 0: the file has an array
  bool dense_first = false;          ///< that block is the first of the period, not the last
  bool all_windowed = false;         ///< without a period or an array, every attention block has the window
  std::uint32_t window_blocks = 0;   ///< the window is only in models of this many blocks; 0: in all
  std::uint32_t cached_blocks = 0;   ///< only so many blocks from the start have a cache; 0: all
  RecurrentRule recurrent = RecurrentRule::none;
  std::uint32_t default_interval = 0;  ///< of RecurrentRule::interval
};

/// The rule of llama.cpp 11434; kind `unknown` for an architecture that is not in the table.
[[nodiscard]] MemoryRule memory_rule(std::string_view architecture) noexcept;

}  // namespace llt::gguf
