#pragma once
// How fast the cards could be at best, by their data sheets. Bounds, not expectations.

#include <optional>
#include <span>

#include "placement/card.h"
#include "placement/usage.h"

namespace llt::placement {

/// Tokens per second. Nothing where a card's data sheet is not known or a part of the model stays in RAM.
struct Bounds {
  /// For one request at a time: memory bandwidth over the bytes of weights read for each token.
  std::optional<double> decode;
  /// Peak rate over two operations for each weight in use; of the output only one token a request needs it.
  std::optional<double> prefill;
};

/// `cards` are those of `usage`, in the same order.
[[nodiscard]] Bounds bounds(const ModelShape& model, const EngineOptions& options, const ModelUsage& usage,
                            std::span<const Card> cards);

}  // namespace llt::placement
