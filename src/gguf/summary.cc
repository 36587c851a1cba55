#include "gguf/summary.h"

#include <array>
#include <charconv>
#include <unordered_map>

namespace llt::gguf {
namespace {

constexpr std::array<std::string_view, 8> kRoleNames = {"embedding", "attention", "feed_forward", "experts",
                                                        "recurrent", "norm",      "output",       "other"};

void add_known(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& more) noexcept {
  std::uint64_t total = 0;
  if (!sum || !more || __builtin_add_overflow(*sum, *more, &total)) {
    sum.reset();
  } else {
    sum = total;
  }
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "blk.17.attn_q.weight" without "blk.17.".
std::string_view within_block(std::string_view name) {
  const std::size_t dot = name.find('.', 4);
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

TensorRole role_in_block(std::string_view part) {
  using enum TensorRole;
  if (contains(part, "norm")) return norm;
  if (contains(part, "_exps") || contains(part, "ffn_gate_inp") || contains(part, "exp_probs"))
    return experts;
  if (part.starts_with("ffn_")) return feed_forward;
  if (part.starts_with("ssm_") || part.starts_with("time_mix") || part.starts_with("channel_mix") ||
      part.starts_with("shortconv")) {
    return recurrent;
  }
  if (part.starts_with("attn_") || part.starts_with("indexer")) return attention;
  return other;
}

}  // namespace

std::string_view to_string(TensorRole role) noexcept { return kRoleNames[static_cast<std::size_t>(role)]; }

std::optional<std::uint64_t> tensor_block(std::string_view name) noexcept {
  if (!name.starts_with("blk.")) return std::nullopt;
  std::uint64_t block = 0;
  const auto [end, error] = std::from_chars(name.begin() + 4, name.end(), block);
  if (error != std::errc() || end == name.end() || *end != '.') return std::nullopt;
  return block;
}

TensorRole tensor_role(std::string_view name) noexcept {
  using enum TensorRole;
  if (tensor_block(name)) return role_in_block(within_block(name));
  if (contains(name, "norm")) return norm;
  if (name.starts_with("token_embd") || name.starts_with("position_embd") ||
      name.starts_with("token_types") || name.starts_with("per_layer_token_embd")) {
    return embedding;
  }
  return name.starts_with("output") ? output : other;
}

void TensorTotals::add(const Tensor& tensor) noexcept {
  ++tensors;
  add_known(parameters, tensor.elements);
  add_known(bytes, tensor.bytes);
}

std::optional<double> TensorTotals::bits_per_weight() const noexcept {
  if (!parameters || !bytes || *parameters == 0) return std::nullopt;
  return 8.0 * static_cast<double>(*bytes) / static_cast<double>(*parameters);
}

ModelSummary summarise(const ModelFile& model) {
  ModelSummary summary;
  std::array<TensorTotals, kRoleNames.size()> roles;
  std::unordered_map<TensorTypeId, std::size_t> places;  // in by_type
  for (const Tensor& tensor : model.tensors()) {
    summary.all.add(tensor);
    roles[static_cast<std::size_t>(tensor_role(tensor.name))].add(tensor);
    const auto [place, is_new] = places.try_emplace(tensor.type, summary.by_type.size());
    if (is_new) summary.by_type.push_back({tensor.type, {}});
    summary.by_type[place->second].totals.add(tensor);
  }
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (roles[i].tensors != 0) summary.by_role.push_back({static_cast<TensorRole>(i), roles[i]});
  }
  return summary;
}

}  // namespace llt::gguf
