#pragma once
// Models for the tests of this room, without files.

#include "placement/model_shape.h"

namespace llt::placement {

/// Numbers of a model of the Llama shape; weights are of q4_0.
struct Llama {
  std::uint64_t layers = 32, embedding = 4096, feed_forward = 14336, heads = 32, kv_heads = 8;
  std::uint64_t vocabulary = 128'256, context = 131'072;
};

inline Weights q4_matrix(std::uint64_t width, std::uint64_t height) {
  Weights w{.bytes = width * height / 32 * 18};
  w.matrix_bytes = w.read_bytes = w.bytes;
  w.parameters_used = static_cast<double>(width * height);
  return w;
}

inline Weights norm_weights(std::uint64_t width) { return {.bytes = 4 * width, .read_bytes = 4 * width}; }

inline ModelShape llama(const Llama& l = {}) {
  ModelShape model;
  model.name = model.architecture = "llama";
  model.known_graph = true;
  model.trained_context = l.context;
  model.embedding = l.embedding;
  model.vocabulary = l.vocabulary;
  model.memory.kind = gguf::MemoryKind::attention;
  LayerShape layer;
  layer.head_size = l.embedding / l.heads;
  layer.heads = l.heads;
  layer.query = l.embedding;
  layer.key = layer.value = layer.head_size * l.kv_heads;
  layer.feed_forward = l.feed_forward;
  layer.gated = true;
  layer.memory.attention = true;
  layer.memory.key_values = layer.memory.value_values = layer.key;
  for (const std::uint64_t rows : {l.embedding, layer.key, layer.value, l.embedding}) {
    layer.weights += q4_matrix(l.embedding, rows);
  }
  for (int i = 0; i < 3; ++i) layer.weights += q4_matrix(l.embedding, l.feed_forward);
  for (int i = 0; i < 2; ++i) layer.weights += norm_weights(l.embedding);
  model.layers.assign(l.layers, layer);
  model.memory.blocks.assign(l.layers, layer.memory);
  model.input += q4_matrix(l.embedding, l.vocabulary);
  model.output += q4_matrix(l.embedding, l.vocabulary);
  model.output += norm_weights(l.embedding);
  return model;
}

/// The same, with a window of `tokens` in all layers but every sixth.
inline ModelShape windowed(std::uint64_t tokens, const Llama& l) {
  ModelShape model = llama(l);
  model.memory.window = tokens;
  for (std::size_t i = 0; i < model.layers.size(); ++i) model.layers[i].memory.windowed = i % 6 != 5;
  return model;
}

}  // namespace llt::placement
