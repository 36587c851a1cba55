#include "gguf/architecture.h"

#include <algorithm>

namespace llt::gguf {
namespace {

// Looks keys up under the architecture's name.
class Keys {
 public:
  Keys(const Metadata& metadata, std::string_view architecture)
      : metadata_(metadata), prefix_(std::string(architecture) + ".") {}

  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key) const {
    return metadata_.unsigned_at(prefix_ + std::string(key));
  }

  [[nodiscard]] PerBlock array(std::string_view key) const {
    const Array* array = metadata_.array_at(prefix_ + std::string(key));
    if (array == nullptr) return {};
    return array->integers(kMostBlocks).value_or(PerBlock());
  }

  // One number for all blocks, or an array with one for each; an array of another length is not used, as
  // llama.cpp does not use it either.
  [[nodiscard]] PerBlock per_block(std::string_view key, std::optional<std::uint64_t> blocks) const {
    if (!blocks || *blocks > kMostBlocks) return {};
    if (const auto same = number(key)) return PerBlock(*blocks, *same);
    PerBlock each = array(key);
    if (each.size() != *blocks) each.clear();
    return each;
  }

 private:
  const Metadata& metadata_;
  std::string prefix_;
};

void read_attention(Architecture& a, const Keys& keys) {
  a.feed_forward_length = keys.per_block("feed_forward_length", a.block_count);
  a.head_count = keys.per_block("attention.head_count", a.block_count);
  a.head_count_kv = keys.per_block("attention.head_count_kv", a.block_count);
  if (a.head_count_kv.empty()) a.head_count_kv = a.head_count;
  a.key_length = keys.number("attention.key_length");
  a.value_length = keys.number("attention.value_length");
  // llama.cpp divides by the heads of the first block.
  if (a.embedding_length && !a.head_count.empty() && a.head_count.front() != 0) {
    const std::uint64_t head = *a.embedding_length / a.head_count.front();
    if (!a.key_length) a.key_length = head;
    if (!a.value_length) a.value_length = head;
  }
  a.key_length_swa = keys.number("attention.key_length_swa");
  a.value_length_swa = keys.number("attention.value_length_swa");
  a.rope_dimension_count = keys.number("rope.dimension_count");
  a.q_lora_rank = keys.number("attention.q_lora_rank");
  a.kv_lora_rank = keys.number("attention.kv_lora_rank");
  a.key_length_mla = keys.number("attention.key_length_mla");
  a.value_length_mla = keys.number("attention.value_length_mla");
  a.sliding_window = keys.number("attention.sliding_window");
  a.sliding_window_period = keys.number("attention.sliding_window_pattern");
  a.sliding_window_blocks = keys.array("attention.sliding_window_pattern");
  a.shared_kv_layers = keys.number("attention.shared_kv_layers");
}

void read_recurrent(Architecture& a, const Keys& keys) {
  a.recurrent_layers = keys.per_block("attention.recurrent_layers", a.block_count);
  a.full_attention_interval = keys.number("full_attention_interval");
  a.ssm_conv_kernel = keys.number("ssm.conv_kernel");
  a.ssm_inner_size = keys.number("ssm.inner_size");
  a.ssm_state_size = keys.number("ssm.state_size");
  a.ssm_time_step_rank = keys.number("ssm.time_step_rank");
  a.ssm_group_count = keys.number("ssm.group_count");
  a.wkv_head_size = keys.number("wkv.head_size");
  a.token_shift_count = keys.number("token_shift_count");
  a.shortconv_l_cache = keys.number("shortconv.l_cache");
  a.kda_head_dim = keys.number("kda.head_dim");
}

void read_experts(Architecture& a, const Keys& keys) {
  a.expert_count = keys.number("expert_count");
  a.expert_used_count = keys.per_block("expert_used_count", a.block_count);
  a.expert_shared_count = keys.number("expert_shared_count");
  a.expert_feed_forward_length = keys.per_block("expert_feed_forward_length", a.block_count);
}

}  // namespace

std::optional<std::uint64_t> Architecture::trunk_blocks() const noexcept {
  const std::uint64_t drafts = nextn_predict_layers.value_or(0);
  if (!block_count || drafts > *block_count) return std::nullopt;
  return *block_count - drafts;
}

Architecture read_architecture(const Metadata& metadata) {
  Architecture a;
  a.name = metadata.string_at("general.architecture").value_or("");
  const Keys keys(metadata, a.name);
  a.block_count = keys.number("block_count");
  a.context_length = keys.number("context_length");
  a.embedding_length = keys.number("embedding_length");
  a.nextn_predict_layers = keys.number("nextn_predict_layers");
  a.vocab_size = keys.number("vocab_size");
  if (const Array* tokens = metadata.array_at("tokenizer.ggml.tokens"); tokens != nullptr && !a.vocab_size) {
    a.vocab_size = tokens->size();
  }
  read_attention(a, keys);
  read_recurrent(a, keys);
  read_experts(a, keys);
  return a;
}

std::optional<std::uint64_t> uniform(const PerBlock& values) noexcept {
  if (values.empty() || std::ranges::any_of(values, [&](auto v) { return v != values.front(); })) {
    return std::nullopt;
  }
  return values.front();
}

}  // namespace llt::gguf
