#include "gguf/synth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "base/output_file.h"
#include "gguf/architecture.h"
#include "gguf/header_writer.h"
#include "gguf/synth_vocabulary.h"
#include "gguf/synth_weights.h"

namespace llt::gguf {
namespace {

constexpr std::size_t kChunkBytes = 4u << 20;

enum class Filling { ones, weights };

struct PlannedTensor {
  std::string name;
  TensorTypeId type = kF32;
  std::vector<std::uint64_t> shape;
  Filling filling = Filling::weights;
  double deviation = 1;
  std::uint64_t zero_rows = 0;  ///< rows from the start that are all zero

  [[nodiscard]] std::uint64_t bytes() const { return tensor_bytes(type, shape).value(); }
  [[nodiscard]] std::uint64_t zero_bytes() const { return bytes() / shape.back() * zero_rows; }
};

// general.file_type: what llama.cpp calls a file whose matrices are of this type (enum llama_ftype).
std::uint32_t file_type(TensorTypeId type) {
  static const std::map<TensorTypeId, std::uint32_t> kTypes = {
      {0, 0},   {1, 1},   {2, 2},   {3, 3},   {6, 8},   {7, 9},   {8, 7},  {10, 10},
      {11, 11}, {12, 14}, {13, 16}, {14, 18}, {20, 25}, {30, 32}, {39, 38}};
  return kTypes.at(type);
}

// Gemma 3 is the Llama shape with more norms, and a window in five layers of six.
std::string architecture(const SynthShape& shape) { return shape.window == 0 ? "llama" : "gemma3"; }

// The tensors of the shape, in the order of their use.
class Plan {
 public:
  Plan(const SynthShape& shape, std::size_t silent) : shape_(shape) {
    const std::uint64_t embedding = shape.embedding;
    matrix("token_embd.weight", {embedding, shape.vocabulary}, 1);
    for (std::uint64_t layer = 0; layer < shape.layers; ++layer) add_layer(fmt::format("blk.{}.", layer));
    norm("output_norm.weight");
    // Steep logits: the best token wins by a clear margin. The silent ones never do.
    matrix("output.weight", {embedding, shape.vocabulary}, 4 / std::sqrt(static_cast<double>(embedding)));
    tensors_.back().zero_rows = silent;
  }

  [[nodiscard]] const std::vector<PlannedTensor>& tensors() const { return tensors_; }

 private:
  void add_layer(const std::string& block) {
    const std::uint64_t embedding = shape_.embedding;
    const std::uint64_t cached = embedding / shape_.heads * shape_.kv_heads;
    norm(block + "attn_norm.weight");
    weight(block + "attn_q.weight", {embedding, embedding});
    weight(block + "attn_k.weight", {embedding, cached});
    weight(block + "attn_v.weight", {embedding, cached});
    weight(block + "attn_output.weight", {embedding, embedding});
    if (shape_.window != 0) add_norms(block);
    norm(block + "ffn_norm.weight");
    shape_.experts == 0 ? add_dense(block) : add_experts(block);
  }

  void add_norms(const std::string& block) {
    const std::uint64_t head = shape_.embedding / shape_.heads;
    norm(block + "attn_q_norm.weight", head);
    norm(block + "attn_k_norm.weight", head);
    norm(block + "post_attention_norm.weight");
    norm(block + "post_ffw_norm.weight");
  }

  void add_dense(const std::string& block) {
    weight(block + "ffn_gate.weight", {shape_.embedding, shape_.feed_forward});
    weight(block + "ffn_up.weight", {shape_.embedding, shape_.feed_forward});
    weight(block + "ffn_down.weight", {shape_.feed_forward, shape_.embedding});
  }

  void add_experts(const std::string& block) {
    weight(block + "ffn_gate_inp.weight", {shape_.embedding, shape_.experts});
    tensors_.back().type = kF32;
    weight(block + "ffn_gate_exps.weight", {shape_.embedding, shape_.feed_forward, shape_.experts});
    weight(block + "ffn_up_exps.weight", {shape_.embedding, shape_.feed_forward, shape_.experts});
    weight(block + "ffn_down_exps.weight", {shape_.feed_forward, shape_.embedding, shape_.experts});
  }

  void norm(std::string name) { norm(std::move(name), shape_.embedding); }

  void norm(std::string name, std::uint64_t width) {
    tensors_.push_back({std::move(name), kF32, {width}, Filling::ones});
  }

  // Keeps the size of what passes through: each output is a sum over one row.
  void weight(std::string name, std::vector<std::uint64_t> extents) {
    const double deviation = 1 / std::sqrt(static_cast<double>(extents.front()));
    matrix(std::move(name), std::move(extents), deviation);
  }

  void matrix(std::string name, std::vector<std::uint64_t> extents, double deviation) {
    tensors_.push_back({std::move(name), shape_.type, std::move(extents), Filling::weights, deviation});
  }

  const SynthShape& shape_;
  std::vector<PlannedTensor> tensors_;
};

HeaderWriter make_header(const SynthShape& shape, const SynthVocabulary& words, const Plan& plan) {
  const auto u32 = [](std::uint64_t n) { return static_cast<std::uint32_t>(n); };
  HeaderWriter head;
  const std::string name = architecture(shape);
  const auto key = [&](std::string_view rest) { return fmt::format("{}.{}", name, rest); };
  head.add_text("general.architecture", name);
  head.add_text("general.type", "model");
  head.add_text("general.name", shape.name);
  head.add_u32("general.file_type", file_type(shape.type));
  head.add_u32("general.quantization_version", 2);
  head.add_u32(key("block_count"), u32(shape.layers));
  head.add_u32(key("context_length"), u32(shape.context));
  head.add_u32(key("embedding_length"), u32(shape.embedding));
  head.add_u32(key("feed_forward_length"), u32(shape.feed_forward));
  head.add_u32(key("attention.head_count"), u32(shape.heads));
  head.add_u32(key("attention.head_count_kv"), u32(shape.kv_heads));
  head.add_f32(key("attention.layer_norm_rms_epsilon"), 1e-5F);
  head.add_u32(key("rope.dimension_count"), u32(shape.embedding / shape.heads));
  head.add_f32(key("rope.freq_base"), 500'000);
  head.add_u32(key("vocab_size"), u32(shape.vocabulary));
  if (shape.window != 0) head.add_u32(key("attention.sliding_window"), u32(shape.window));
  if (shape.experts != 0) {
    head.add_u32(key("expert_count"), u32(shape.experts));
    head.add_u32(key("expert_used_count"), u32(shape.experts_used));
  }
  head.add_text("tokenizer.ggml.model", "llama");
  head.add_text("tokenizer.ggml.pre", "default");
  head.add_texts("tokenizer.ggml.tokens", words.tokens);
  head.add_f32s("tokenizer.ggml.scores", words.scores);
  head.add_i32s("tokenizer.ggml.token_type", words.types);
  head.add_u32("tokenizer.ggml.bos_token_id", kSynthBos);
  head.add_u32("tokenizer.ggml.eos_token_id", kSynthEos);
  head.add_u32("tokenizer.ggml.eot_token_id", kSynthEndOfTurn);
  head.add_u32("tokenizer.ggml.unknown_token_id", kSynthUnknown);
  head.add_bool("tokenizer.ggml.add_bos_token", true);
  head.add_bool("tokenizer.ggml.add_eos_token", false);
  head.add_bool("tokenizer.ggml.add_space_prefix", false);
  head.add_text("tokenizer.chat_template", synth_chat_template());
  for (const PlannedTensor& tensor : plan.tensors()) head.add_tensor(tensor.name, tensor.type, tensor.shape);
  return head;
}

// Produces the tensors' bytes in pieces and hands them to the file.
class Synthesis {
 public:
  Synthesis(OutputFile& file, const SynthProgress& progress, std::uint64_t total)
      : file_(file), progress_(progress), total_(total), chunk_(kChunkBytes) {}

  Result<> write(std::span<const std::byte> bytes) {
    if (auto written = file_.write(bytes); !written) return written;
    done_ += bytes.size();
    if (progress_(done_, total_)) return {};
    return fail(ErrorCode::unavailable, "stopped before the model was complete", "nothing was left behind");
  }

  Result<> write_tensor(const PlannedTensor& tensor, Random random) {
    const std::uint64_t bytes = tensor.bytes();
    const std::uint32_t block = find_tensor_type(tensor.type)->block_bytes;
    const std::size_t whole_blocks = chunk_.size() / block * block;
    std::uint64_t zero = tensor.zero_bytes();
    for (std::uint64_t left = bytes; left > 0;) {
      const std::span piece(chunk_.data(), std::min<std::uint64_t>(left, whole_blocks));
      fill(tensor, piece, random);
      const std::uint64_t silent = std::min<std::uint64_t>(zero, piece.size());
      std::fill_n(piece.begin(), silent, std::byte{0});
      zero -= silent;
      if (auto written = write(piece); !written) return written;
      left -= piece.size();
    }
    return pad(bytes);
  }

 private:
  Result<> pad(std::uint64_t written) {
    constexpr std::byte kZeros[HeaderWriter::kAlignment] = {};
    const std::uint64_t beyond = written % HeaderWriter::kAlignment;
    return beyond == 0 ? Result<>() : write(std::span(kZeros).first(HeaderWriter::kAlignment - beyond));
  }

  void fill(const PlannedTensor& tensor, std::span<std::byte> piece, Random& random) {
    if (tensor.filling == Filling::weights) return weights_of(tensor).fill(piece, random);
    const auto one = std::bit_cast<std::array<std::byte, 4>>(1.0F);
    for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = one[i % one.size()];
  }

  const SynthWeights& weights_of(const PlannedTensor& tensor) {
    return weights_.try_emplace({tensor.type, tensor.deviation}, tensor.type, tensor.deviation).first->second;
  }

  OutputFile& file_;
  const SynthProgress& progress_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::vector<std::byte> chunk_;
  std::map<std::pair<TensorTypeId, double>, SynthWeights> weights_;
};

}  // namespace

Result<SynthResult> synthesise(const std::filesystem::path& path, const SynthShape& shape,
                               const SynthProgress& progress) {
  if (auto checked = check_shape(shape); !checked) return std::unexpected(checked.error());
  const SynthVocabulary words = make_synth_vocabulary(shape.vocabulary);
  const Plan plan(shape, words.silent);
  const HeaderWriter header = make_header(shape, words, plan);
  const std::string head = header.finish();
  SynthResult result;
  result.file_bytes = head.size() + header.data_bytes();
  auto file = OutputFile::create(path, result.file_bytes);
  if (!file) return std::unexpected(file.error());
  Synthesis synthesis(*file, progress, result.file_bytes);
  if (auto written = synthesis.write(std::as_bytes(std::span(head))); !written) {
    return std::unexpected(written.error());
  }
  // Each tensor has numbers of its own, so that a layer more does not change those before it.
  std::uint64_t number = 0;
  for (const PlannedTensor& tensor : plan.tensors()) {
    Random random(shape.seed * 0x100000001b3 + number++);
    if (auto written = synthesis.write_tensor(tensor, random); !written)
      return std::unexpected(written.error());
    result.parameters += element_count(tensor.shape).value();
  }
  if (auto committed = file->commit(); !committed) return std::unexpected(committed.error());
  return result;
}

}  // namespace llt::gguf
