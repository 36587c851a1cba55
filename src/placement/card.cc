#include "placement/card.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace llt::placement {
namespace {

constexpr std::uint64_t kMiB = 1ull << 20;

// Memory as nvidia-smi shows it. Bandwidth and dense f16 tensor rates are from NVIDIA's data sheets: T4
// (2018), GA102 and AD102 architecture whitepapers, A100 (SXM), H100 (SXM) and H200 (SXM).
struct Preset {
  std::string_view name;
  std::size_t cards;
  std::string_view card;
  std::uint64_t mebibytes;
  Capability capability;
  double gigabytes_per_second, half_teraflops;
};

constexpr std::array kPresets = {
    Preset{"kaggle-2xt4", 2, "Tesla T4", 15'360, {7, 5}, 320, 65},
    Preset{"colab-t4", 1, "Tesla T4", 15'360, {7, 5}, 320, 65},
    Preset{"rtx-3090", 1, "RTX 3090", 24'576, {8, 6}, 936, 142},
    Preset{"rtx-4090", 1, "RTX 4090", 24'564, {8, 9}, 1008, 330.3},
    Preset{"a100-40", 1, "A100 40GB", 40'960, {8, 0}, 1555, 312},
    Preset{"a100-80", 1, "A100 80GB", 81'920, {8, 0}, 2039, 312},
    Preset{"h100", 1, "H100", 81'559, {9, 0}, 3350, 989.4},
    Preset{"h200", 1, "H200", 143'771, {9, 0}, 4800, 989.4},
};

void fill(Card& card, const Preset& from) {
  card.capability = from.capability;
  card.bytes_per_second = from.gigabytes_per_second * 1e9;
  card.half_flops = from.half_teraflops * 1e12;
}

}  // namespace

std::optional<Capability> parse_capability(std::string_view text) noexcept {
  Capability capability;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, capability.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, capability.minor);
  if (minor.ec != std::errc() || minor.ptr != end) return std::nullopt;
  if (capability.major < 0 || capability.minor < 0) return std::nullopt;
  return capability;
}

std::optional<std::vector<Card>> preset(std::string_view name) {
  if (name == "cpu") return std::vector<Card>();
  const auto found = std::ranges::find(kPresets, name, &Preset::name);
  if (found == kPresets.end()) return std::nullopt;
  Card card{.name = std::string(found->card), .total_bytes = found->mebibytes * kMiB};
  fill(card, *found);
  std::vector<Card> cards(found->cards, card);
  for (std::size_t i = 0; i < cards.size(); ++i) cards[i].index = i;
  return cards;
}

std::string preset_names() {
  std::string names;
  for (const Preset& p : kPresets) names += std::string(p.name) + ", ";
  return names + "cpu";
}

void add_data_sheet(Card& card) {
  // Longer names first would matter only if one were part of another with the same memory.
  for (const Preset& p : kPresets) {
    const std::string_view model = p.card.substr(0, p.card.find(" 40GB")).substr(0, p.card.find(" 80GB"));
    const std::size_t at = card.name.find(model);
    if (at == std::string::npos) continue;
    const std::string_view rest = std::string_view(card.name).substr(at + model.size());
    if (rest.starts_with(" Ti") || rest.starts_with(" D") || rest.starts_with(" Laptop")) continue;
    const std::uint64_t size = p.mebibytes * kMiB;
    if (card.total_bytes < size - size / 16 || card.total_bytes > size + size / 16) continue;
    return fill(card, p);
  }
}

}  // namespace llt::placement
