#include "placement/engine_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace llt::placement {
namespace {

std::vector<std::size_t> engine_cards(const Placement& placement) {
  std::vector<std::size_t> cards;
  for (std::size_t i = 0; i < placement.tensor_split.size(); ++i) {
    if (placement.tensor_split[i] > 0) cards.push_back(i);
  }
  return cards;
}

}  // namespace

std::vector<std::string> engine_flags(const EngineOptions& options, const Placement& placement) {
  const std::vector<std::size_t> cards = engine_cards(placement);
  std::vector<std::string> flags;
  const auto add = [&](std::string_view flag, std::string value) {
    flags.emplace_back(flag);
    flags.push_back(std::move(value));
  };
  add("--ctx-size", std::to_string(placement.context_tokens));
  add("--parallel", std::to_string(placement.parallel));
  flags.emplace_back(options.shares_cache() ? "--kv-unified" : "--no-kv-unified");
  add("--batch-size", std::to_string(options.batch));
  add("--ubatch-size", std::to_string(options.micro_batch));
  add("--flash-attn", std::string(to_string(options.flash_attention)));
  add("--cache-type-k", gguf::tensor_type_name(options.key_type));
  add("--cache-type-v", gguf::tensor_type_name(options.value_type));
  constexpr std::uint64_t kAll = 999;
  add("--n-gpu-layers", std::to_string(cards.empty() ? 0 : options.offloaded_layers.value_or(kAll)));
  if (cards.size() == 1) add("--split-mode", "none");
  if (cards.size() > 1) {
    add("--split-mode", std::string(to_string(options.split_mode)));
    std::vector<double> shares;
    shares.reserve(cards.size());
    for (const std::size_t card : cards) shares.push_back(placement.tensor_split[card]);
    add("--tensor-split", fmt::format("{}", fmt::join(shares, ",")));
  }
  add("--fit", "off");
  return flags;
}

std::vector<std::pair<std::string, std::string>> engine_environment(const Placement& placement) {
  std::vector<std::size_t> indices;
  for (const std::size_t card : engine_cards(placement)) indices.push_back(placement.cards[card].card.index);
  return {{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"},
          {"CUDA_VISIBLE_DEVICES", fmt::format("{}", fmt::join(indices, ","))}};
}

}  // namespace llt::placement
