#include "app/plan_input.h"

#include <fmt/format.h>

#include <charconv>

#include "app/units.h"

namespace llt::app {
namespace {

constexpr std::uint64_t kLeastCard = 1ull << 20, kLargestCard = 1ull << 50;
constexpr std::size_t kMostCards = 64;

std::unexpected<Error> wrong(std::string message, std::string hint = {}) {
  return fail(ErrorCode::invalid_argument, std::move(message), std::move(hint));
}

std::vector<std::string_view> pieces(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// Takes "8x", "8*" or "8×" off the front; 1 when there is none.
std::size_t take_count(std::string_view& text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count > kMostCards) return 1;
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const std::string_view times : {"x", "*", "×"}) {
    if (!rest.starts_with(times)) continue;
    text = rest.substr(times.size());
    return count;
  }
  return 1;
}

Result<std::vector<placement::Card>> parse_kind(std::string_view text) {
  if (auto named = placement::preset(text)) return std::move(*named);
  const auto size = parse_size(text);
  if (!size || *size < kLeastCard || *size > kLargestCard) {
    return wrong(fmt::format("'{}' is neither a GPU that is known nor the size of one", text),
                 "write a size such as 15GiB, several as 15GiB,15GiB or 2x15GiB, or one of " +
                     placement::preset_names());
  }
  return std::vector{placement::Card{.name = "", .total_bytes = *size}};
}

Result<gguf::TensorTypeId> parse_cache_type(std::string_view text) {
  const gguf::TensorType* type = gguf::find_tensor_type(text);
  std::string names;
  for (const gguf::TensorTypeId id : placement::cache_types()) {
    if (type != nullptr && type->id == id) return id;
    names += (names.empty() ? "" : " ") + gguf::tensor_type_name(id);
  }
  return wrong(fmt::format("--kv-type: '{}' is no type of a cache", text), "it is one of " + names);
}

}  // namespace

Result<placement::SplitMode> parse_split_mode(std::string_view text) {
  using placement::SplitMode;
  for (const SplitMode mode : {SplitMode::layer, SplitMode::row, SplitMode::tensor}) {
    if (text.empty() || text == to_string(mode)) return mode;
  }
  return wrong(fmt::format("--split-mode: '{}' is none of layer, row, tensor", text));
}

Result<> parse_cache_types(std::string_view text, placement::EngineOptions& engine) {
  if (text.empty()) return {};
  const std::vector<std::string_view> parts = pieces(text);
  if (parts.size() > 2) return wrong("--kv-type takes one type, or two: of keys and of values");
  const auto keys = parse_cache_type(parts.front());
  if (!keys) return std::unexpected(keys.error());
  const auto values = parse_cache_type(parts.back());
  if (!values) return std::unexpected(values.error());
  engine.key_type = *keys;
  engine.value_type = *values;
  return {};
}

Result<std::vector<placement::Card>> parse_cards(std::string_view text) {
  std::vector<placement::Card> cards;
  for (std::string_view part : pieces(text)) {
    const std::size_t count = take_count(part);
    const auto kind = parse_kind(part);
    if (!kind) return kind;
    for (std::size_t i = 0; i < count; ++i) cards.insert(cards.end(), kind->begin(), kind->end());
    if (cards.size() > kMostCards) return wrong(fmt::format("'{}' are more than {} GPUs", text, kMostCards));
  }
  for (std::size_t i = 0; i < cards.size(); ++i) cards[i].index = i;
  return cards;
}

Result<placement::FlashAttention> parse_flash_attention(std::string_view text) {
  using placement::FlashAttention;
  for (const FlashAttention mode : {FlashAttention::on, FlashAttention::off, FlashAttention::automatic}) {
    if (text == to_string(mode)) return mode;
  }
  return wrong(fmt::format("'{}' is not one of on, off, auto", text));
}

Result<std::vector<double>> parse_tensor_split(std::string_view text) {
  std::vector<double> shares;
  for (const std::string_view part : pieces(text)) {
    double share = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), share);
    if (error != std::errc() || end != part.data() + part.size()) {
      return wrong(fmt::format("'{}' is no number", part), "write ratios such as 0.7,0.3 or 3,1");
    }
    shares.push_back(share);
  }
  return shares;
}

Result<placement::EngineOptions> parse_engine_options(const PlanOptions& options) {
  placement::EngineOptions engine;
  engine.context = options.context;
  engine.parallel = options.parallel;
  engine.offloaded_layers = options.offloaded_layers;
  engine.batch = options.batch.value_or(engine.batch);
  engine.micro_batch = options.micro_batch.value_or(engine.micro_batch);
  if (!options.flash_attention.empty()) {
    auto flash = parse_flash_attention(options.flash_attention);
    if (!flash) return wrong("--flash-attn: " + flash.error().message);
    engine.flash_attention = *flash;
  }
  auto mode = parse_split_mode(options.split_mode);
  if (!mode) return std::unexpected(mode.error());
  engine.split_mode = *mode;
  if (auto parsed = parse_cache_types(options.kv_type, engine); !parsed)
    return std::unexpected(parsed.error());
  if (!options.tensor_split.empty()) {
    auto split = parse_tensor_split(options.tensor_split);
    if (!split) return wrong("--tensor-split: " + split.error().message, split.error().hint);
    engine.tensor_split = std::move(*split);
  }
  return engine;
}

}  // namespace llt::app
