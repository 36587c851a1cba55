#include "placement/reasons.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace llt::placement {
namespace {

std::string gibibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(1ull << 30));
}

std::string needs(const Placement& placement) {
  std::vector<std::string> parts;
  for (const CardPlan& card : placement.cards) {
    if (placement.tensor_split[card.index] == 0) continue;
    parts.push_back(fmt::format("{} of GPU {}'s {}", gibibytes(card.usage.bytes() + card.context_bytes),
                                card.card.index, gibibytes(card.card.total_bytes)));
  }
  return fmt::format("takes {}", fmt::join(parts, " and "));
}

std::string lacks(const Placement& placement) {
  std::vector<std::string> parts;
  for (const CardPlan& card : placement.cards) {
    if (card.missing_bytes == 0) continue;
    parts.push_back(fmt::format("GPU {} lacks {}", card.card.index, gibibytes(card.missing_bytes)));
  }
  if (parts.empty()) parts.emplace_back("the RAM is too small");
  return fmt::format("{}", fmt::join(parts, " and "));
}

std::string on_processor(const Placement& placement, const PlanRequest& request) {
  std::string text = fmt::format("takes {} of RAM", gibibytes(placement.host.bytes()));
  if (request.ram_bytes) text += fmt::format(", of {}", gibibytes(*request.ram_bytes));
  return text;
}

std::string analytics_text(const Placement& placement) {
  if (!placement.analytics) return "";
  const std::size_t index = placement.cards[placement.analytics->index].card.index;
  if (placement.analytics->bytes == 0) return "; no room is left for analytics";
  if (placement.tensor_split[placement.analytics->index] > 0) {
    return fmt::format("; analytics have {} on GPU {}", gibibytes(placement.analytics->bytes), index);
  }
  return fmt::format("; GPU {} stays free for analytics", index);
}

}  // namespace

std::string reason(const Placement& placement, const PlanRequest& request) {
  const bool on_cards = std::ranges::any_of(placement.tensor_split, [](double share) { return share > 0; });
  if (placement.fits()) {
    return on_cards ? needs(placement) + analytics_text(placement) : on_processor(placement, request);
  }
  std::string text =
      (on_cards ? needs(placement) : on_processor(placement, request)) + "; " + lacks(placement);
  if (placement.changes.empty()) return text;
  return text + fmt::format("; it would fit with {}", fmt::join(placement.changes, ", or with "));
}

std::string shorter_context(std::uint64_t tokens, std::uint64_t trained) {
  return fmt::format("the context is {} tokens, the most that there is room for; the model was trained on {}",
                     tokens, trained);
}

void add_notes(Placement& placement, const ModelShape& model, const PlanRequest& request) {
  constexpr Capability kTensorCores{7, 0}, kBrainFloats{8, 0};
  const EngineOptions& o = request.options;
  const bool quantised =
      gguf::find_tensor_type(o.key_type)->quantised || gguf::find_tensor_type(o.value_type)->quantised;
  const bool brain = gguf::find_tensor_type("bf16")->id == o.key_type;
  bool engine = false, old = false, emulated = false;
  for (const CardPlan& card : placement.cards) {
    if (placement.tensor_split[card.index] == 0) continue;
    engine = true;
    old = old || (card.card.capability && *card.card.capability < kTensorCores);
    emulated = emulated || (card.card.capability && *card.card.capability < kBrainFloats);
  }
  if (!model.known_graph) {
    placement.notes.push_back(fmt::format(
        "the compute buffer of '{}' is an estimate: that of a Llama of this shape", model.architecture));
  }
  if (!engine) return;
  const auto busy = std::ranges::count_if(placement.tensor_split, [](double share) { return share > 0; });
  if (busy > 1 && o.split_mode == SplitMode::row) {
    placement.notes.emplace_back(
        "llama.cpp 11434 has no --split-mode row for CUDA and refuses to start; tensor is its successor");
  }
  if (quantised) {
    placement.notes.emplace_back(
        "a quantised cache needs FlashAttention, which works from an f16 copy of one layer's cache (it "
        "counts as "
        "compute)");
  }
  if (old && o.has_flash_attention()) {
    placement.notes.emplace_back(
        "below compute capability 7.0 FlashAttention has no tensor cores to use, and prompts are slow");
  }
  if (emulated && brain) {
    placement.notes.emplace_back("below compute capability 8.0 bf16 is converted in software; f16 is faster");
  }
}

}  // namespace llt::placement
