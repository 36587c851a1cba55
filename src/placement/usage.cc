#include "placement/usage.h"

#include <algorithm>
#include <numeric>

#include "placement/cuda_estimates.h"
#include "placement/layer_split.h"
#include "placement/model_graph.h"

namespace llt::placement {
namespace {

constexpr std::uint64_t kBytesOfF32 = 4;
constexpr std::uint64_t kHostAlignment = 32;

std::uint64_t row_bytes(gguf::TensorTypeId type, std::uint64_t values) {
  const gguf::TensorType* layout = gguf::find_tensor_type(type);
  return (values + layout->block_values - 1) / layout->block_values * layout->block_bytes;
}

std::uint64_t widest_value(const ModelShape& model) {
  std::uint64_t widest = 0;
  for (const LayerShape& layer : model.layers) widest = std::max(widest, layer.memory.value_values);
  return widest;
}

class Sum {
 public:
  Sum(const ModelShape& model, const EngineOptions& options, const ContextShape& context,
      std::span<const double> shares)
      : model_(model),
        options_(options),
        context_(context),
        shares_(shares.begin(), shares.end()),
        homes_(layer_homes(model.layers.size(), shares, options.offloaded_layers)) {
    const double sum = std::accumulate(shares_.begin(), shares_.end(), 0.0);
    for (double& share : shares_) share /= sum;
    usage_.cards.resize(shares_.size());
  }

  ModelUsage take() {
    put_on(usage_.host, model_.input, 1, false);
    for (std::size_t i = 0; i < model_.layers.size(); ++i) add_layer(model_.layers[i], homes_[i]);
    add_output();
    for (std::size_t card = 0; card < shares_.size(); ++card) add_graph(static_cast<int>(card));
    add_host_graph();
    return std::move(usage_);
  }

 private:
  [[nodiscard]] Usage& at(int home) {
    return home == kHost ? usage_.host : usage_.cards[static_cast<std::size_t>(home)];
  }

  static void put_on(Usage& usage, const Weights& weights, double share, bool cuda) {
    const auto part = [&](std::uint64_t bytes) {
      return static_cast<std::uint64_t>(static_cast<double>(bytes) * share);
    };
    usage.weights_bytes += part(weights.bytes) + (cuda ? part(weights.padding_bytes) : 0);
    usage.read_bytes += part(weights.read_bytes);
    usage.parameters_used += weights.parameters_used * share;
  }

  // Rows of matrices lie on all cards by their shares, the rest where the layer is.
  void add_weights(const Weights& weights, int home) {
    if (home == kHost || options_.split_mode == SplitMode::layer) {
      return put_on(at(home), weights, 1, home != kHost);
    }
    for (std::size_t card = 0; card < shares_.size(); ++card) {
      put_on(usage_.cards[card], weights, shares_[card], true);
    }
  }

  void add_layer(const LayerShape& layer, int home) {
    add_weights(layer.weights, home);
    at(home).layers += 1;
    const std::uint64_t memory = layer_memory_bytes(model_, layer, options_, context_);
    if (home == kHost || options_.split_mode != SplitMode::tensor) {
      at(home).kv_bytes += memory;
      return;
    }
    for (std::size_t card = 0; card < shares_.size(); ++card) {
      usage_.cards[card].kv_bytes += static_cast<std::uint64_t>(static_cast<double>(memory) * shares_[card]);
    }
  }

  void add_output() {
    const int home = homes_.back();
    Weights weights = model_.output;
    if (home == kHost) weights.bytes -= model_.tied_bytes;
    add_weights(weights, home);
    at(home).output = true;
  }

  // Several whole cards work on micro-batches in turn (llama_context: pipeline_parallel).
  [[nodiscard]] bool pipelined() const {
    const auto busy = std::ranges::count_if(shares_, [](double share) { return share > 0; });
    return busy > 1 && options_.split_mode == SplitMode::layer && std::ranges::count(homes_, kHost) == 0;
  }

  [[nodiscard]] GraphPart part_of(int home) const {
    GraphPart part{.cuda = home != kHost};
    const auto end = homes_.end() - 1;
    const auto first = std::find(homes_.begin(), end, home);
    part.first = static_cast<std::size_t>(first - homes_.begin());
    part.last = part.first + static_cast<std::size_t>(std::count(first, end, home));
    part.output = homes_.back() == home;
    return part;
  }

  void add_graph(int home) {
    GraphPart part = part_of(home);
    const bool spread =
        options_.split_mode == SplitMode::tensor && shares_[static_cast<std::size_t>(home)] > 0;
    if (spread) part = {.first = 0, .last = model_.layers.size(), .output = true, .cuda = true};
    if (part.first == part.last && !part.output) return;
    const ComputeGraph graph = model_graph(model_, context_, options_, part);
    const std::uint64_t inputs = graph.input_bytes(kCudaAlignment);
    at(home).compute_bytes =
        graph.peak_bytes(kCudaAlignment, pipelined()) + (pipelined() ? (kPipelineCopies - 1) * inputs : 0);
    inputs_ = std::max(inputs_, inputs - handed_over(part));
  }

  // Of a card's inputs those that another device has computed, or that are among the inputs in RAM anyway:
  // with the first layer the embeddings in all three ways.
  [[nodiscard]] std::uint64_t handed_over(const GraphPart& part) const {
    const std::uint64_t embedded = context_.rows * model_.embedding * kBytesOfF32;
    return part.first == 0 && part.last > 0 ? 3 * embedded : embedded;
  }

  void add_host_graph() {
    GraphPart part = part_of(kHost);
    part.embeds = true;
    if (part.first == part.last) part.first = part.last = 0;
    const ComputeGraph graph = model_graph(model_, context_, options_, part);
    const std::uint64_t logits = context_.sequences * model_.vocabulary * kBytesOfF32;
    usage_.host.compute_bytes = graph.peak_bytes(kHostAlignment, pipelined()) + inputs_ + logits;
    if (!pipelined()) return;
    usage_.host.compute_bytes += (kPipelineCopies - 1) * (graph.input_bytes(kHostAlignment) + inputs_);
  }

  const ModelShape& model_;
  const EngineOptions& options_;
  const ContextShape& context_;
  std::vector<double> shares_;
  std::vector<int> homes_;
  ModelUsage usage_;
  std::uint64_t inputs_ = 0;  ///< of the cards, which are written into RAM first
};

}  // namespace

std::uint64_t layer_memory_bytes(const ModelShape& model, const LayerShape& layer,
                                 const EngineOptions& options, const ContextShape& context) {
  std::uint64_t bytes = context.sequences * layer.memory.state_values * kBytesOfF32;
  if (layer.memory.key_values == 0) return bytes;
  const std::uint64_t cells =
      (layer.memory.windowed ? window_cells(context, model.memory.window) : context.cells) * context.streams;
  // Without FlashAttention values lie transposed, and all layers have room for the widest.
  const bool transposed = !options.has_flash_attention() && layer.memory.value_values != 0;
  const std::uint64_t values = transposed ? widest_value(model) : layer.memory.value_values;
  return bytes + cells * (row_bytes(options.key_type, layer.memory.key_values) +
                          row_bytes(options.value_type, values));
}

ModelUsage model_usage(const ModelShape& model, const EngineOptions& options, const ContextShape& context,
                       std::span<const double> shares) {
  return Sum(model, options, context, shares).take();
}

}  // namespace llt::placement
