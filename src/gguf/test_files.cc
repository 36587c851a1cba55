#include "gguf/test_files.h"

#include <array>

namespace llt::gguf::test {

void write_vocabulary(HeaderWriter& head) {
  const std::vector<std::string> tokens = {"<unk>", "<s>", "</s>", "a"};
  const std::array<float, 4> scores = {0, 0, 0, -1};
  const std::array<std::int32_t, 4> types = {2, 3, 3, 1};
  head.add_text("tokenizer.ggml.model", "llama");
  head.add_texts("tokenizer.ggml.tokens", tokens);
  head.add_f32s("tokenizer.ggml.scores", scores);
  head.add_i32s("tokenizer.ggml.token_type", types);
  head.add_u32("tokenizer.ggml.bos_token_id", 1);
  head.add_u32("tokenizer.ggml.eos_token_id", 2);
}

void write_metadata(HeaderWriter& head) {
  head.add_text("general.architecture", "llama");
  head.add_text("general.name", "good");
  head.add_u32("general.quantization_version", 2);
  head.add_u32("llama.context_length", 128);
  head.add_u32("llama.embedding_length", 32);
  head.add_u32("llama.block_count", 1);
  head.add_u32("llama.feed_forward_length", 64);
  head.add_u32("llama.attention.head_count", 4);
  head.add_u32("llama.attention.head_count_kv", 2);
  write_vocabulary(head);
}

void write_tensors(HeaderWriter& head) {
  head.add_tensor("token_embd.weight", 8, std::array<std::uint64_t, 2>{32, 4});
  head.add_tensor("blk.0.attn_q.weight", 2, std::array<std::uint64_t, 2>{32, 32});
  head.add_tensor("output_norm.weight", 0, std::array<std::uint64_t, 1>{32});
}

std::string make_file(const Writes& metadata, const Writes& tensors, long beyond, HeaderWriter head) {
  metadata(head);
  tensors(head);
  std::string file = head.finish();
  file.resize(static_cast<std::size_t>(static_cast<long>(file.size() + head.data_bytes()) + beyond), '\0');
  return file;
}

std::string good_file(ByteOrder order, std::uint32_t version) {
  return make_file(write_metadata, write_tensors, 0, HeaderWriter(order, version));
}

}  // namespace llt::gguf::test
