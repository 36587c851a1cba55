#include <fmt/format.h>

#include <algorithm>

#include "gguf/architecture.h"
#include "gguf/synth.h"
#include "gguf/synth_vocabulary.h"
#include "gguf/synth_weights.h"

namespace llt::gguf {
namespace {

constexpr std::uint64_t kMostExperts = 1024;    // LLAMA_MAX_EXPERTS
constexpr std::uint64_t kMostWidth = 1u << 20;  // far beyond any model, and no product overflows
constexpr std::uint64_t kMostContext = 1u << 30;

std::unexpected<Error> wrong(std::string message, std::string hint = {}) {
  return fail(ErrorCode::invalid_argument, std::move(message), std::move(hint));
}

struct Limits {
  std::string_view flag;
  std::uint64_t value, least, most;
};

Result<> check_limits(const SynthShape& s) {
  const Limits all[] = {
      {"--layers", s.layers, 1, kMostBlocks},
      {"--embd", s.embedding, 2, kMostWidth},
      {"--ff", s.feed_forward, 1, kMostWidth},
      {"--heads", s.heads, 1, kMostWidth},
      {"--kv-heads", s.kv_heads, 1, s.heads},
      {"--vocab", s.vocabulary, kLeastSynthTokens, kMostSynthTokens},
      {"--ctx", s.context, 1, kMostContext},
      {"--window", s.window, 0, kMostContext},
      {"--experts", s.experts, 0, kMostExperts},
      {"--experts-used", s.experts_used, 1, s.experts == 0 ? kMostExperts : s.experts},
  };
  for (const Limits& limits : all) {
    if (limits.value >= limits.least && limits.value <= limits.most) continue;
    return wrong(
        fmt::format("{}: {} is not within {} and {}", limits.flag, limits.value, limits.least, limits.most));
  }
  if (s.window != 0 && s.experts != 0) {
    return wrong("--window and --experts cannot go together", "no model has the shape that would come out");
  }
  return {};
}

Result<> check_heads(const SynthShape& s) {
  if (s.embedding % s.heads != 0 || s.embedding / s.heads % 2 != 0) {
    return wrong(fmt::format("--embd {} gives {} heads no even size", s.embedding, s.heads),
                 "make --embd a multiple of twice --heads");
  }
  if (s.heads % s.kv_heads != 0) {
    return wrong(fmt::format("--heads {} is no multiple of --kv-heads {}", s.heads, s.kv_heads));
  }
  return {};
}

Result<> check_rows(const SynthShape& s) {
  if (!std::ranges::count(synth_types(), s.type)) {
    return wrong(fmt::format("--type: {} cannot be made", tensor_type_name(s.type)));
  }
  const TensorType& type = *find_tensor_type(s.type);
  for (const auto& [flag, row] : {std::pair("--embd", s.embedding), std::pair("--ff", s.feed_forward)}) {
    if (row % type.block_values == 0) continue;
    return wrong(fmt::format("{}: {} is no multiple of {}, the block size of {}", flag, row,
                             type.block_values, type.name),
                 "change it or --type");
  }
  return {};
}

}  // namespace

Result<> check_shape(const SynthShape& shape) {
  for (const auto check : {check_limits, check_heads, check_rows}) {
    if (auto checked = check(shape); !checked) return checked;
  }
  return {};
}

}  // namespace llt::gguf
