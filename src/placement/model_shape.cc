#include "placement/model_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gguf/summary.h"

namespace llt::placement {
namespace {

// LLM_TENSOR_LAYER_INPUT in llama-arch.cpp: never offloaded.
constexpr std::array<std::string_view, 5> kInputs = {"token_embd", "position_embd", "token_types",
                                                     "token_embd_norm", "per_layer_token_embd"};
constexpr std::uint64_t kCudaRow = 512;           // MATRIX_ROW_PADDING of ggml-cuda: values
constexpr std::uint64_t kPlausible = 1ull << 50;  // bytes; no sum of tensors of a real file is larger

std::string_view stem(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(0, dot);
}

bool is_input(std::string_view name) { return std::ranges::count(kInputs, stem(name)) != 0; }

// What CUDA allocates beyond the tensor's bytes (ggml_backend_cuda_buffer_type_get_alloc_size).
std::uint64_t cuda_padding(const gguf::Tensor& tensor) {
  std::uint64_t size = *tensor.bytes;
  const gguf::TensorType* type = gguf::find_tensor_type(tensor.type);
  if (type->quantised && tensor.extents[0] % kCudaRow != 0) {
    const std::uint64_t values = kCudaRow - tensor.extents[0] % kCudaRow;
    size += values / type->block_values * type->block_bytes;
  }
  return (size + kCudaAlignment - 1) / kCudaAlignment * kCudaAlignment - *tensor.bytes;
}

bool is_expert(std::string_view name) { return name.find("_exps.") != std::string_view::npos; }

Weights weights_of(const gguf::Tensor& tensor, std::uint64_t experts, std::uint64_t used) {
  Weights w{.bytes = *tensor.bytes, .padding_bytes = cuda_padding(tensor)};
  w.read_bytes = w.bytes;
  if (tensor.dimensions < 2) return w;
  w.matrix_bytes = w.bytes;
  w.parameters_used = static_cast<double>(*tensor.elements);
  if (is_expert(tensor.name) && experts != 0) {
    const double part = static_cast<double>(std::min(used, experts)) / static_cast<double>(experts);
    w.read_bytes = static_cast<std::uint64_t>(static_cast<double>(w.bytes) * part);
    w.parameters_used *= part;
  }
  return w;
}

std::uint64_t at(const gguf::PerBlock& values, std::size_t block) {
  return block < values.size() ? values[block] : 0;
}

// Reads widths off the tensors, which are always there, and not off the metadata.
void read_matrix(LayerShape& layer, const gguf::Tensor& tensor, std::string_view name) {
  const std::uint64_t width = tensor.extents[1];
  if (name == "attn_q" || name == "attn_q_b") layer.query = width;
  if (name == "attn_k") layer.key = width;
  if (name == "attn_v") layer.value = width;
  if (name == "attn_qkv") {
    layer.query = width - std::min(width, layer.memory.key_values + layer.memory.value_values);
  }
  if (name == "ffn_up") layer.feed_forward = width;
  if (name == "ffn_up_exps" || name == "ffn_gate_exps") layer.expert_feed_forward = width;
  if (name == "ffn_gate_up_exps") layer.expert_feed_forward = width / 2;
  if (name == "ffn_gate") layer.gated = true;
}

// `name` without its block: "attn_q.weight". Biases change nothing.
void read_tensor(LayerShape& layer, const gguf::Tensor& tensor, std::string_view name) {
  if (name == "attn_q_norm.weight") layer.normed_heads = true;
  if (name == "post_attention_norm.weight") layer.post_norms = true;
  if (tensor.dimensions >= 2 && name.ends_with(".weight")) read_matrix(layer, tensor, stem(name));
}

void finish_layer(LayerShape& layer, const gguf::Architecture& a, std::size_t block) {
  if (layer.query != 0 && layer.key == 0) layer.key = layer.memory.key_values;
  if (layer.query != 0 && layer.value == 0) layer.value = layer.memory.value_values;
  layer.heads = at(a.head_count, block);
  layer.head_size = a.key_length.value_or(0);
  layer.experts = a.expert_count.value_or(0);
  layer.experts_used = std::min(at(a.expert_used_count, block), layer.experts);
}

// Far beyond any model, and small enough that no product of a plan exceeds 64 bits.
bool plausible(const LayerShape& l) {
  constexpr std::uint64_t kCached = 1u << 20, kWide = 1u << 24, kMany = 1u << 12, kState = 1ull << 40;
  return std::max(l.memory.key_values, l.memory.value_values) <= kCached && l.memory.state_values <= kState &&
         std::max({l.query, l.key, l.value, l.feed_forward, l.expert_feed_forward}) <= kWide &&
         std::max({l.heads, l.experts, l.experts_used}) <= kMany && l.head_size <= kCached;
}

bool plausible(const ModelShape& shape) {
  constexpr std::uint64_t kWide = 1u << 24, kWindow = 1ull << 32;
  return shape.embedding <= kWide && shape.vocabulary <= kWide && shape.memory.window <= kWindow &&
         std::ranges::all_of(shape.layers, [](const LayerShape& l) { return plausible(l); });
}

std::unexpected<Error> unusable(const gguf::ModelFile& model, std::string_view what) {
  return fail(ErrorCode::data_loss,
              fmt::format("{} cannot be planned: {}", model.parts().front().path.string(), what),
              "'llamatelemetry gguf --check' lists what is wrong with the file");
}

Result<> add_tensors(ModelShape& shape, const gguf::ModelFile& model, const gguf::Architecture& a) {
  std::uint64_t sum = 0;
  for (const gguf::Tensor& tensor : model.tensors()) {
    if (!tensor.bytes || !tensor.elements || *tensor.bytes > kPlausible - sum) {
      return unusable(model, fmt::format("the size of tensor {} is not known", tensor.name));
    }
    sum += *tensor.bytes;
    const auto block = gguf::tensor_block(tensor.name);
    if (block && *block >= shape.layers.size()) {
      return unusable(model,
                      fmt::format("tensor {} belongs to a layer that the file does not have", tensor.name));
    }
    const std::uint64_t used = block ? at(a.expert_used_count, *block) : 0;
    const Weights weights = weights_of(tensor, a.expert_count.value_or(0), used);
    if (!block) {
      (is_input(tensor.name) ? shape.input : shape.output) += weights;
      continue;
    }
    LayerShape& layer = shape.layers[*block];
    layer.weights += weights;
    // Behind "blk." and the number.
    read_tensor(layer, tensor, tensor.name.substr(tensor.name.find('.', 4) + 1));
  }
  return {};
}

// Without a matrix of its own the output uses the token embeddings, of which a card needs a copy.
void tie_output(ModelShape& shape, const gguf::ModelFile& model) {
  const gguf::Tensor* embeddings = model.find_tensor("token_embd.weight");
  if (embeddings == nullptr || model.find_tensor("output.weight") != nullptr) return;
  const Weights copy = weights_of(*embeddings, 0, 0);
  shape.output += copy;
  shape.tied_bytes = copy.bytes;
}

}  // namespace

Weights& Weights::operator+=(const Weights& other) noexcept {
  bytes += other.bytes;
  padding_bytes += other.padding_bytes;
  matrix_bytes += other.matrix_bytes;
  read_bytes += other.read_bytes;
  parameters_used += other.parameters_used;
  return *this;
}

std::uint64_t ModelShape::file_bytes() const noexcept {
  Weights all = input;
  all += output;
  for (const LayerShape& layer : layers) all += layer.weights;
  return all.bytes - tied_bytes;
}

Result<ModelShape> model_shape(const gguf::ModelFile& model) {
  const gguf::Architecture a = gguf::read_architecture(model.metadata());
  ModelShape shape;
  shape.name = model.name();
  shape.architecture = a.name;
  shape.memory = gguf::model_memory(a);
  if (shape.memory.kind == gguf::MemoryKind::unknown) return unusable(model, shape.memory.why_unknown);
  shape.trained_context = a.context_length.value_or(0);
  shape.embedding = a.embedding_length.value_or(0);
  shape.vocabulary = a.vocab_size.value_or(0);
  if (shape.embedding == 0 || shape.vocabulary == 0) {
    return unusable(model, "embedding_length or the vocabulary is missing");
  }
  shape.layers.resize(shape.memory.blocks.size());
  for (std::size_t i = 0; i < shape.layers.size(); ++i) shape.layers[i].memory = shape.memory.blocks[i];
  if (auto added = add_tensors(shape, model, a); !added) return std::unexpected(added.error());
  tie_output(shape, model);
  for (std::size_t i = 0; i < shape.layers.size(); ++i) finish_layer(shape.layers[i], a, i);
  if (!plausible(shape)) return unusable(model, "the sizes in the file are implausible");
  shape.scaled_embedding = a.name.starts_with("gemma");
  shape.known_graph = a.name == "llama" || a.name == "gemma3";
  return shape;
}

}  // namespace llt::placement
