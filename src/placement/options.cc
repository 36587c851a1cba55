#include "placement/options.h"

#include <algorithm>

namespace llt::placement {
namespace {

constexpr std::uint64_t kCellsTogether = 256;
constexpr std::uint64_t kDefaultSlots = 4;

std::uint64_t padded(std::uint64_t value) {
  return (value + kCellsTogether - 1) / kCellsTogether * kCellsTogether;
}

}  // namespace

std::string_view to_string(SplitMode mode) noexcept {
  switch (mode) {
    case SplitMode::layer:
      return "layer";
    case SplitMode::row:
      return "row";
    case SplitMode::tensor:
      return "tensor";
  }
  return "layer";
}

std::string_view to_string(FlashAttention mode) noexcept {
  switch (mode) {
    case FlashAttention::on:
      return "on";
    case FlashAttention::off:
      return "off";
    case FlashAttention::automatic:
      return "auto";
  }
  return "on";
}

std::vector<gguf::TensorTypeId> cache_types() {
  std::vector<gguf::TensorTypeId> types;
  for (const std::string_view name :
       {"f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"}) {
    types.push_back(gguf::find_tensor_type(name)->id);
  }
  return types;
}

ContextShape context_shape(const EngineOptions& options, std::uint64_t context) noexcept {
  ContextShape shape;
  shape.sequences = options.parallel.value_or(kDefaultSlots);
  shape.shared = options.shares_cache();
  shape.streams = shape.shared ? 1 : shape.sequences;
  shape.tokens = padded(context);
  shape.cells = shape.tokens;
  if (!shape.shared) {
    shape.cells = padded(shape.tokens / shape.sequences);
    shape.tokens = shape.cells * shape.sequences;
  }
  const std::uint64_t batch = std::min(context, options.batch);
  shape.micro_batch = std::min({shape.tokens, batch, options.micro_batch});
  shape.rows = (shape.micro_batch + shape.sequences - 1) / shape.sequences * shape.sequences;
  return shape;
}

}  // namespace llt::placement
