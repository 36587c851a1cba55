#pragma once
// How many bytes a model takes where, under given options.

#include <cstdint>
#include <span>
#include <vector>

#include "placement/model_shape.h"
#include "placement/options.h"

namespace llt::placement {

/// What the engine puts into one memory.
struct Usage {
  std::uint64_t weights_bytes = 0;
  std::uint64_t kv_bytes = 0;       ///< KV caches and recurrent states
  std::uint64_t compute_bytes = 0;  ///< results on their way; in RAM also the logits for the samplers
  std::uint64_t layers = 0;
  bool output = false;
  std::uint64_t read_bytes = 0;  ///< of weights, for each token
  double parameters_used = 0;    ///< of weights, for each token

  [[nodiscard]] std::uint64_t bytes() const noexcept { return weights_bytes + kv_bytes + compute_bytes; }
};

struct ModelUsage {
  Usage host;
  std::vector<Usage> cards;  ///< one for each share
};

/// `shares`: of the cards, see layer_homes(); empty for the processor alone.
[[nodiscard]] ModelUsage model_usage(const ModelShape& model, const EngineOptions& options,
                                     const ContextShape& context, std::span<const double> shares);

/// KV cache and recurrent state of one layer, all slots together.
[[nodiscard]] std::uint64_t layer_memory_bytes(const ModelShape& model, const LayerShape& layer,
                                               const EngineOptions& options, const ContextShape& context);

}  // namespace llt::placement
