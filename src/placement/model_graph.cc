#include "placement/model_graph.h"

#include <algorithm>
#include <optional>

namespace llt::placement {
namespace {

using Id = ComputeGraph::Id;

constexpr std::uint64_t kF16 = 2, kF32 = 4, kI32 = 4, kI64 = 8;
constexpr std::uint64_t kSmallestRotation = 64;
constexpr gguf::TensorTypeId kTypeF32 = 0, kTypeF16 = 1;

// Inputs of the attention of one kind: within the window or over everything.
struct Cache {
  std::uint64_t cells = 0;
  Id mask = 0, keys_at = 0, values_at = 0;
  std::optional<Id> key_rotation, value_rotation;
};

class Builder {
 public:
  Builder(const ModelShape& model, const ContextShape& context, const EngineOptions& options,
          const GraphPart& part)
      : model_(model),
        context_(context),
        options_(options),
        part_(part),
        tokens_(context.rows),
        width_(model.embedding * kF32) {}

  ComputeGraph build() {
    Id current = part_.embeds ? embed() : receive();
    positions_ = graph_.input(tokens_ * kI32);
    add_caches();
    if (part_.output) chosen_ = graph_.input(context_.sequences * kI32);
    for (std::size_t i = part_.first; i < part_.last; ++i) {
      const bool choose = part_.output && i + 1 == model_.layers.size();
      current = layer(model_.layers[i], current, choose);
    }
    if (part_.output) output(current);
    return std::move(graph_);
  }

 private:
  [[nodiscard]] std::uint64_t bytes(std::uint64_t values) const { return rows_ * values * kF32; }

  // Three ways in, of which one runs: tokens, vectors, and both mixed.
  Id embed() {
    const Id ids = graph_.input(tokens_ * kI32);
    graph_.input(tokens_ * width_);
    const Id mixed_ids = graph_.input(tokens_ * kI32);
    const Id slots = graph_.input(tokens_ * kI64);
    const Id mixed = graph_.input(tokens_ * width_);
    const Id embedded = graph_.operation(tokens_ * width_, {ids});
    const Id rows = graph_.operation(tokens_ * width_, {mixed_ids});
    if (has_first_layer()) mix(mixed, rows, slots);
    if (!model_.scaled_embedding) return embedded;
    return graph_.in_place(tokens_ * width_, {embedded, graph_.input(tokens_ * kF32)});
  }

  // The scheduler mixes them where the first layer is.
  void mix(Id vectors, Id rows, Id slots) {
    graph_.written_view(graph_.operation(tokens_ * width_, {vectors}), {rows, slots});
  }

  [[nodiscard]] bool has_first_layer() const { return part_.first == 0 && part_.last > 0; }

  // What another device has computed.
  Id receive() {
    const Id current = graph_.input(tokens_ * width_);
    if (!has_first_layer()) return current;
    const Id vectors = graph_.input(tokens_ * width_), rows = graph_.input(tokens_ * width_);
    mix(vectors, rows, graph_.input(tokens_ * kI64));
    return current;
  }

  void add_caches() {
    const auto uses = [&](bool windowed) {
      return std::any_of(
          model_.layers.begin() + static_cast<std::ptrdiff_t>(part_.first),
          model_.layers.begin() + static_cast<std::ptrdiff_t>(part_.last),
          [&](const LayerShape& l) { return l.memory.attention && l.memory.windowed == windowed; });
    };
    // llama.cpp makes both as soon as the model has windows.
    if (uses(false) || uses(true)) wide_ = add_cache(context_.cells);
    if (uses(true)) narrow_ = add_cache(window_cells(context_, model_.memory.window));
  }

  Cache add_cache(std::uint64_t cells) {
    Cache cache;
    cache.cells = cells;
    cache.keys_at = graph_.input(tokens_ * kI64);
    cache.values_at = graph_.input(tokens_ * kI64 * (options_.has_flash_attention() ? 1 : widest_value()));
    cache.mask = graph_.input(cells * tokens_ * (options_.has_flash_attention() ? kF16 : kF32));
    const std::uint64_t head = model_.layers.empty() ? 0 : model_.layers.front().head_size;
    if (head == 0 || head % kSmallestRotation != 0 || model_.memory.latent) return cache;
    if (gguf::find_tensor_type(options_.key_type)->quantised) {
      std::uint64_t size = kSmallestRotation;
      while (head % (2 * size) == 0) size *= 2;
      cache.key_rotation = graph_.input(size * size * kF32);
    }
    if (gguf::find_tensor_type(options_.value_type)->quantised) {
      cache.value_rotation = graph_.input(kSmallestRotation * kSmallestRotation * kF32);
    }
    return cache;
  }

  [[nodiscard]] std::uint64_t widest_value() const {
    std::uint64_t widest = 1;
    for (const LayerShape& l : model_.layers) widest = std::max(widest, l.memory.value_values);
    return widest;
  }

  Id norm(Id of, std::uint64_t size) { return graph_.in_place(size, {graph_.in_place(size, {of})}); }

  Id layer(const LayerShape& l, Id before, bool choose) {
    rows_ = tokens_;
    Id current = before;
    if (l.query != 0) {
      current = attention(l, norm(before, bytes(model_.embedding)));
    } else if (l.memory.recurrent) {
      current = recurrence(l, norm(before, bytes(model_.embedding)));
    }
    Id skip = before;
    if (choose) {
      rows_ = context_.sequences;
      current = graph_.operation(bytes(model_.embedding), {current, chosen_});
      skip = graph_.operation(bytes(model_.embedding), {skip, chosen_});
    }
    const std::uint64_t size = bytes(model_.embedding);
    if (l.post_norms) current = norm(current, size);
    const Id middle = graph_.in_place(size, {current, skip});
    Id fed = norm(middle, size);
    fed = l.expert_feed_forward != 0 ? experts(l, fed) : feed_forward(l, fed);
    if (l.post_norms) fed = norm(fed, size);
    return graph_.in_place(size, {fed, middle});
  }

  Id heads(const LayerShape& l, Id normed, std::uint64_t width, const std::optional<Id>& rotation) {
    const std::uint64_t size = bytes(width);
    Id heads = graph_.view(graph_.operation(size, {normed}));
    if (l.normed_heads) heads = norm(heads, size);
    heads = graph_.in_place(size, {heads, positions_});
    if (l.post_norms && width == l.query) heads = graph_.in_place(size, {heads});
    return rotation ? rotated(heads, size, *rotation) : heads;
  }

  Id rotated(Id what, std::uint64_t size, Id rotation) {
    return graph_.view(graph_.operation(size, {rotation, graph_.view(what)}));
  }

  Id attention(const LayerShape& l, Id normed) {
    const Cache& cache = l.memory.windowed ? narrow_ : wide_;
    const Id query = heads(l, normed, l.query, cache.key_rotation);
    if (l.post_norms) {
      const Id key = heads(l, normed, l.key, cache.key_rotation);
      store(key, values(l, normed, cache), cache);
    } else {
      const Id value = values(l, normed, cache);
      store(heads(l, normed, l.key, cache.key_rotation), value, cache);
    }
    Id seen = options_.has_flash_attention() ? flash(l, query, cache) : plain(l, query, cache);
    if (cache.value_rotation) seen = rotated(seen, bytes(l.query), *cache.value_rotation);
    return graph_.operation(bytes(model_.embedding), {seen});
  }

  Id values(const LayerShape& l, Id normed, const Cache& cache) {
    const Id value = graph_.view(graph_.operation(bytes(l.value), {normed}));
    return cache.value_rotation ? rotated(value, bytes(l.value), *cache.value_rotation) : value;
  }

  void store(Id key, Id value, const Cache& cache) {
    graph_.consume({graph_.view(key), cache.keys_at});
    graph_.consume({graph_.view(value), cache.values_at});
  }

  Id flash(const LayerShape& l, Id query, const Cache& cache) {
    const std::uint64_t cells = cache.cells * context_.streams;
    std::vector<Id> sources = {graph_.view(query), cache.mask};
    std::uint64_t size = bytes(l.query);
    for (const auto& [type, values] : {std::pair(options_.key_type, l.memory.key_values),
                                       std::pair(options_.value_type, l.memory.value_values)}) {
      const std::uint64_t halves = cells * values * kF16;
      if (type == kTypeF32) {
        sources.push_back(graph_.operation(halves, {}));
      } else if (type != kTypeF16 && part_.cuda) {
        // CUDA's kernels for many tokens read halves, and put them behind the result
        // (ggml_cuda_flash_attn_ext_get_f16_extra_data).
        size += halves;
      }
    }
    return graph_.view(graph_.operation(size, std::move(sources)));
  }

  Id plain(const LayerShape& l, Id query, const Cache& cache) {
    const std::uint64_t scores = cache.cells * bytes(l.heads);
    const Id product = graph_.operation(scores, {graph_.view(query)});
    const Id weights = graph_.in_place(scores, {product, cache.mask});
    const Id seen = graph_.operation(bytes(l.query), {weights});
    return graph_.operation(bytes(l.query), {graph_.view(seen)});
  }

  // A stand-in: inputs, gate and convolved values of the width of one token's inner state.
  Id recurrence(const LayerShape& l, Id normed) {
    const std::uint64_t inner = bytes(2 * model_.embedding);
    const Id mixed = graph_.operation(inner, {normed});
    const Id gate = graph_.operation(inner, {normed});
    const Id state = graph_.operation(inner + context_.sequences * l.memory.state_values * kF32, {mixed});
    return graph_.operation(bytes(model_.embedding), {graph_.operation(inner, {state, gate})});
  }

  Id feed_forward(const LayerShape& l, Id normed) {
    const std::uint64_t size = bytes(l.feed_forward);
    Id inner = graph_.operation(size, {normed});
    inner = l.gated ? graph_.operation(size, {inner, graph_.operation(size, {normed})})
                    : graph_.in_place(size, {inner});
    return graph_.operation(bytes(model_.embedding), {inner});
  }

  Id experts(const LayerShape& l, Id normed) {
    const Id scores = graph_.in_place(bytes(l.experts), {graph_.operation(bytes(l.experts), {normed})});
    const Id top = graph_.slice(graph_.operation(bytes(l.experts), {scores}));
    const Id picked = graph_.view(graph_.operation(bytes(l.experts_used), {graph_.view(scores), top}));
    const Id sum = graph_.in_place(bytes(1), {graph_.operation(bytes(1), {picked})});
    const Id shares = graph_.view(graph_.in_place(bytes(l.experts_used), {picked, sum}));
    const std::uint64_t size = bytes(l.experts_used * l.expert_feed_forward);
    const Id tokens = graph_.view(normed);
    const Id gate = graph_.operation(size, {tokens, top});
    const Id up = graph_.operation(size, {tokens, top});
    const Id inner = graph_.operation(size, {gate, up});
    const std::uint64_t wide = bytes(l.experts_used * model_.embedding);
    const Id weighted = graph_.in_place(wide, {graph_.operation(wide, {inner, top}), shares});
    std::vector<Id> each;
    for (std::uint64_t i = 0; i < l.experts_used; ++i) each.push_back(graph_.slice(weighted));
    Id out = each.empty() ? weighted : each.front();
    for (std::size_t i = 1; i < each.size(); ++i)
      out = graph_.in_place(bytes(model_.embedding), {out, each[i]});
    if (l.feed_forward == 0) return out;
    return graph_.in_place(bytes(model_.embedding), {out, feed_forward(l, normed)});
  }

  void output(Id current) {
    rows_ = context_.sequences;
    const Id normed = norm(current, bytes(model_.embedding));
    graph_.operation(bytes(model_.vocabulary), {normed});
  }

  const ModelShape& model_;
  const ContextShape& context_;
  const EngineOptions& options_;
  const GraphPart& part_;
  ComputeGraph graph_;
  std::uint64_t tokens_, width_;
  std::uint64_t rows_ = 0;  ///< tokens that are still computed: all, or one a sequence at the end
  Id positions_ = 0, chosen_ = 0;
  Cache wide_, narrow_;
};

}  // namespace

std::uint64_t window_cells(const ContextShape& context, std::uint64_t window) noexcept {
  constexpr std::uint64_t kTogether = 256;
  const std::uint64_t needed = window * (context.shared ? context.sequences : 1) + context.micro_batch;
  return (std::min(context.cells, needed) + kTogether - 1) / kTogether * kTogether;
}

ComputeGraph model_graph(const ModelShape& model, const ContextShape& context, const EngineOptions& options,
                         const GraphPart& part) {
  return Builder(model, context, options, part).build();
}

}  // namespace llt::placement
