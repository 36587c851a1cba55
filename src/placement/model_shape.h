#pragma once
// A model as the planner sees it: what each layer weighs, remembers and computes.

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/architecture.h"
#include "gguf/memory.h"
#include "gguf/model_file.h"

namespace llt::placement {

/// Bytes: tensors in a CUDA buffer begin at multiples (get_alignment of ggml-cuda.cu).
inline constexpr std::uint64_t kCudaAlignment = 128;

/// Bytes of weights, in RAM or on a card.
struct Weights {
  std::uint64_t bytes = 0;          ///< as the file has them
  std::uint64_t padding_bytes = 0;  ///< besides, on a card: CUDA rounds rows and tensors up
  std::uint64_t matrix_bytes = 0;   ///< those of `bytes` that can be spread over cards by rows
  std::uint64_t read_bytes = 0;     ///< read for each token: all, but only the experts in use
  double parameters_used = 0;       ///< multiplied for each token

  Weights& operator+=(const Weights& other) noexcept;
};

/// Widths are numbers of values for one token.
struct LayerShape {
  Weights weights;
  gguf::Block memory;
  std::uint64_t query = 0, key = 0, value = 0;  ///< 0: no attention of the usual kind
  std::uint64_t heads = 0, head_size = 0;
  std::uint64_t feed_forward = 0;  ///< 0: none that is dense
  std::uint64_t expert_feed_forward = 0, experts = 0, experts_used = 0;
  bool gated = false;         ///< the feed-forward has a gate
  bool normed_heads = false;  ///< queries and keys are normalised
  bool post_norms = false;    ///< what attention and feed-forward give is normalised, as in Gemma
};

struct ModelShape {
  std::string name, architecture;
  std::uint64_t trained_context = 0;  ///< tokens; 0: the file does not say
  std::uint64_t embedding = 0, vocabulary = 0;
  gguf::ModelMemory memory;
  std::vector<LayerShape> layers;
  Weights input;   ///< token embeddings and their like, always in RAM
  Weights output;  ///< goes with the layer behind the last one
  std::uint64_t tied_bytes =
      0;  ///< of `output`: token embeddings used a second time; no copy where both are in RAM
  bool scaled_embedding = false;
  bool known_graph = false;  ///< the compute buffer of this architecture was compared with llama.cpp's

  [[nodiscard]] std::uint64_t file_bytes() const noexcept;
};

/// Fails with data_loss when the file lacks what planning needs: sizes of tensors, layers, a vocabulary; and
/// with invalid_argument when the architecture's cache is not known.
[[nodiscard]] Result<ModelShape> model_shape(const gguf::ModelFile& model);

}  // namespace llt::placement
