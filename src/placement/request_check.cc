#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "placement/planner.h"

namespace llt::placement {
namespace {

std::unexpected<Error> wrong(std::string message, std::string hint = {}) {
  return fail(ErrorCode::invalid_argument, std::move(message), std::move(hint));
}

Result<> check_number(std::string_view flag, std::uint64_t value, std::uint64_t most) {
  if (value >= 1 && value <= most) return {};
  return wrong(fmt::format("{}: {} is not within 1 and {}", flag, value, most));
}

Result<> check_numbers(const EngineOptions& o) {
  const std::pair<std::string_view, std::pair<std::uint64_t, std::uint64_t>> numbers[] = {
      {"--ctx", {o.context.value_or(1), kMostTokens}},
      {"--parallel", {o.parallel.value_or(1), kMostSlots}},
      {"--batch", {o.batch, kMostBatch}},
      {"--ubatch", {o.micro_batch, kMostBatch}},
  };
  for (const auto& [flag, number] : numbers) {
    if (auto checked = check_number(flag, number.first, number.second); !checked) return checked;
  }
  return {};
}

Result<> check_split(const std::vector<double>& split, std::size_t cards) {
  if (split.empty()) return {};
  if (split.size() > cards) {
    return wrong(
        fmt::format("--tensor-split has {} ratio{}, but there {} {} GPU{}", split.size(),
                    split.size() == 1 ? "" : "s", cards == 1 ? "is" : "are", cards, cards == 1 ? "" : "s"),
        "give at most one ratio for each GPU");
  }
  if (std::ranges::any_of(split, [](double share) { return !std::isfinite(share) || share < 0; })) {
    return wrong("--tensor-split has a ratio that is negative or no number");
  }
  if (std::ranges::all_of(split, [](double share) { return share == 0; })) {
    return wrong("--tensor-split gives no GPU anything",
                 "at least one ratio has to be more than 0, as in 1,0");
  }
  return {};
}

// llama_init_from_model refuses heads that are no whole number of blocks.
Result<> check_cache_type(const ModelShape& model, gguf::TensorTypeId id) {
  const gguf::TensorType* type = gguf::find_tensor_type(id);
  if (type == nullptr || !std::ranges::count(cache_types(), id)) {
    return wrong(fmt::format("--kv-type: llama-server has no cache of type {}", gguf::tensor_type_name(id)));
  }
  for (const LayerShape& layer : model.layers) {
    if (layer.memory.key_values == 0 || layer.head_size % type->block_values == 0) continue;
    return wrong(fmt::format("--kv-type: heads of {} values are no whole number of blocks of {}",
                             layer.head_size, type->name),
                 "f16 and bf16 work with every model");
  }
  return {};
}

}  // namespace

Result<> check_request(const ModelShape& model, const PlanRequest& request) {
  const EngineOptions& o = request.options;
  if (auto checked = check_numbers(o); !checked) return checked;
  if (auto checked = check_split(o.tensor_split, request.cards.size()); !checked) return checked;
  for (const gguf::TensorTypeId type : {o.key_type, o.value_type}) {
    if (auto checked = check_cache_type(model, type); !checked) return checked;
  }
  const auto& analytics = request.analytics.card;
  if (analytics &&
      std::ranges::none_of(request.cards, [&](const Card& c) { return c.index == *analytics; })) {
    return wrong(fmt::format("--analytics-gpu: there is no GPU {} to use", *analytics),
                 request.cards.empty() ? "leave it out: this machine has no GPU" : "nvidia-smi lists them");
  }
  if (!o.has_flash_attention() && gguf::find_tensor_type(o.value_type)->quantised) {
    return wrong(fmt::format("--kv-type {} needs FlashAttention", gguf::tensor_type_name(o.value_type)),
                 "leave --flash-attn off away, or use f16");
  }
  return {};
}

}  // namespace llt::placement
