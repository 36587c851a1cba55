#include "gguf/memory.h"

#include <fmt/format.h>

#include <algorithm>

namespace llt::gguf {
namespace {

constexpr std::uint64_t kF16Bytes = 2;
constexpr std::uint64_t kF32Bytes = 4;
// Every factor is below this, so that no product of three overflows.
constexpr std::uint64_t kPlausible = 1u << 20;

ModelMemory unknown_because(std::string why) {
  ModelMemory memory;
  memory.why_unknown = std::move(why);
  return memory;
}

bool plausible(const PerBlock& values) {
  return std::ranges::all_of(values, [](std::uint64_t v) { return v <= kPlausible; });
}

bool plausible(std::initializer_list<std::optional<std::uint64_t>> values) {
  return std::ranges::all_of(values, [](const auto& v) { return v.value_or(0) <= kPlausible; });
}

bool plausible(const Architecture& a) {
  return plausible(a.head_count) && plausible(a.head_count_kv) &&
         plausible({a.embedding_length, a.key_length, a.value_length, a.key_length_swa, a.value_length_swa,
                    a.ssm_conv_kernel, a.ssm_inner_size, a.ssm_state_size, a.ssm_group_count, a.wkv_head_size,
                    a.token_shift_count, a.shortconv_l_cache, a.kda_head_dim});
}

// The window's size, 0 when none applies, nothing when the file should say it and does not.
std::optional<std::uint64_t> window_size(const MemoryRule& rule, const Architecture& a) {
  const bool said = a.sliding_window.value_or(0) != 0;
  if (rule.window == WindowRule::never) return 0;
  if (rule.window == WindowRule::if_said && !said) return 0;
  if (rule.window == WindowRule::unless_zero && a.sliding_window && !said) return 0;
  if (rule.window_blocks != 0 && a.trunk_blocks() != rule.window_blocks) return 0;
  if (rule.fixed_window) return rule.default_window;
  if (said) return a.sliding_window;
  if (rule.default_window != 0) return rule.default_window;
  return std::nullopt;
}

// Marks the blocks that the window applies to; false when the file should say which and does not.
bool mark_windowed(std::vector<Block>& blocks, const MemoryRule& rule, const Architecture& a) {
  const std::size_t trunk = a.trunk_blocks().value_or(0);
  if (!a.sliding_window_blocks.empty()) {
    for (std::size_t i = 0; i < std::min(trunk, a.sliding_window_blocks.size()); ++i) {
      blocks[i].windowed = a.sliding_window_blocks[i] != 0;
    }
    return true;
  }
  if (rule.all_windowed) {
    for (std::size_t i = 0; i < trunk; ++i) blocks[i].windowed = blocks[i].attention;
    return true;
  }
  if (rule.period == 0) return false;
  const std::uint64_t period = a.sliding_window_period.value_or(rule.period);
  for (std::size_t i = 0; i < trunk; ++i) {
    blocks[i].windowed = period == 0 || (rule.dense_first ? i % period != 0 : i % period < period - 1);
  }
  return true;
}

bool is_recurrent(const MemoryRule& rule, const Architecture& a, std::size_t block) {
  switch (rule.recurrent) {
    case RecurrentRule::none:
      return rule.kind == MemoryKind::recurrent;
    case RecurrentRule::no_kv_heads:
      return a.head_count_kv[block] == 0;
    case RecurrentRule::no_kv_heads_no_ff:
      return a.head_count_kv[block] == 0 && a.feed_forward_length[block] == 0;
    case RecurrentRule::every_block_both:
      return true;
    case RecurrentRule::interval:
      if (!a.recurrent_layers.empty()) return a.recurrent_layers[block] != 0;
      return (block + 1) % a.full_attention_interval.value_or(rule.default_interval) != 0;
  }
  return false;
}

bool has_attention(const MemoryRule& rule, const Architecture& a, std::size_t block, bool recurrent) {
  if (rule.kind == MemoryKind::recurrent) return false;
  if (rule.recurrent == RecurrentRule::every_block_both) return true;
  // Nemotron-H alternates attention, states and plain feed-forward blocks.
  if (rule.recurrent == RecurrentRule::no_kv_heads_no_ff)
    return !recurrent && a.feed_forward_length[block] == 0;
  return !recurrent;
}

// llama_hparams::n_embd_r() and n_embd_s(): the rolling inputs and the state proper.
std::uint64_t state_values(const Architecture& a) {
  const auto get = [](const std::optional<std::uint64_t>& v, std::uint64_t otherwise = 0) {
    return v.value_or(otherwise);
  };
  const auto before = [&](const std::optional<std::uint64_t>& v) { return get(v) == 0 ? 0 : get(v) - 1; };
  const std::uint64_t embedding = get(a.embedding_length);
  if (get(a.wkv_head_size) != 0) return embedding * (get(a.token_shift_count, 2) + get(a.wkv_head_size));
  if (get(a.shortconv_l_cache) != 0) return embedding * before(a.shortconv_l_cache);
  if (get(a.kda_head_dim) != 0) {
    // The heads of the first block count: a recurrent block's own head_count may be anything.
    const std::uint64_t heads = a.head_count.empty() ? 0 : a.head_count.front();
    const std::uint64_t inputs = a.ssm_conv_kernel ? before(a.ssm_conv_kernel) : 3;
    return 3 * inputs * heads * *a.kda_head_dim + *a.kda_head_dim * *a.kda_head_dim * heads;
  }
  const std::uint64_t inputs = get(a.ssm_inner_size) + 2 * get(a.ssm_group_count) * get(a.ssm_state_size);
  return before(a.ssm_conv_kernel) * inputs + get(a.ssm_state_size) * get(a.ssm_inner_size);
}

// What the file has to say before the blocks can be described; the sentence that says what is missing.
std::string missing(const MemoryRule& rule, const Architecture& a) {
  if (a.name.empty()) return "the file does not name its architecture";
  if (rule.kind == MemoryKind::unknown) {
    return fmt::format("how '{}' remembers is not known to this program", a.name);
  }
  if (!a.block_count || *a.block_count == 0 || *a.block_count > kMostBlocks || !a.trunk_blocks()) {
    return "block_count is missing or implausible";
  }
  if (!plausible(a)) return "the sizes in the metadata are implausible";
  if (rule.kind == MemoryKind::none) return "";
  if (rule.kind != MemoryKind::recurrent && a.head_count_kv.empty()) {
    return "attention.head_count is missing or has not one value for each block";
  }
  if (rule.kind != MemoryKind::recurrent && (!a.key_length || !a.value_length)) {
    return "the size of a head is missing";
  }
  if (rule.recurrent == RecurrentRule::no_kv_heads_no_ff && a.feed_forward_length.empty()) {
    return "feed_forward_length has not one value for each block";
  }
  if (rule.recurrent == RecurrentRule::interval && a.full_attention_interval == 0u) {
    return "full_attention_interval is 0";
  }
  return "";
}

void fill_cache(Block& block, const Architecture& a, std::uint64_t kv_heads) {
  const auto key = block.windowed ? a.key_length_swa.value_or(*a.key_length) : *a.key_length;
  const auto value = block.windowed ? a.value_length_swa.value_or(*a.value_length) : *a.value_length;
  block.key_values = kv_heads * key;
  if (!a.latent_attention()) block.value_values = kv_heads * value;
}

// Blocks from this one on have no cache of their own.
std::size_t first_without_cache(const MemoryRule& rule, const Architecture& a) {
  const std::size_t blocks = *a.block_count;
  const std::size_t shared = std::min<std::size_t>(a.shared_kv_layers.value_or(0), blocks);
  const std::size_t own = rule.architecture == "gemma4" ? blocks - shared : blocks;
  return rule.cached_blocks != 0 ? std::min<std::size_t>(own, rule.cached_blocks) : own;
}

std::optional<std::uint64_t> sum(const ModelMemory& memory, std::uint64_t (*of)(const Block&)) {
  if (memory.kind == MemoryKind::unknown) return std::nullopt;
  std::uint64_t total = 0;
  for (const Block& block : memory.blocks) total += of(block);
  return total;
}

}  // namespace

ModelMemory model_memory(const Architecture& a) {
  const MemoryRule rule = memory_rule(a.name);
  if (std::string why = missing(rule, a); !why.empty()) return unknown_because(std::move(why));
  ModelMemory memory;
  memory.kind = rule.kind;
  memory.latent = a.latent_attention();
  memory.blocks.resize(*a.block_count);
  const std::size_t trunk = *a.trunk_blocks();
  for (std::size_t i = 0; i < memory.blocks.size(); ++i) {
    Block& block = memory.blocks[i];
    block.draft = i >= trunk;
    if (block.draft || rule.kind == MemoryKind::none) continue;
    block.recurrent = is_recurrent(rule, a, i);
    block.attention = has_attention(rule, a, i, block.recurrent);
  }
  const auto window = window_size(rule, a);
  if (!window) return unknown_because("attention.sliding_window is missing");
  memory.window = *window;
  if (*window != 0 && !mark_windowed(memory.blocks, rule, a)) {
    return unknown_because("attention.sliding_window_pattern is missing");
  }
  const std::size_t cached = first_without_cache(rule, a);
  for (std::size_t i = 0; i < memory.blocks.size(); ++i) {
    Block& block = memory.blocks[i];
    block.windowed = block.windowed && block.attention;
    if (block.attention && i < cached) fill_cache(block, a, a.head_count_kv[i]);
    if (block.recurrent) block.state_values = state_values(a);
  }
  return memory;
}

std::optional<std::uint64_t> ModelMemory::kv_bytes_per_token() const noexcept {
  return sum(*this, [](const Block& b) { return kF16Bytes * (b.key_values + b.value_values); });
}

std::optional<std::uint64_t> ModelMemory::kv_bytes_per_token_beyond_window() const noexcept {
  return sum(*this,
             [](const Block& b) { return b.windowed ? 0 : kF16Bytes * (b.key_values + b.value_values); });
}

std::optional<std::uint64_t> ModelMemory::state_bytes_per_sequence() const noexcept {
  return sum(*this, [](const Block& b) { return kF32Bytes * b.state_values; });
}

}  // namespace llt::gguf
