#include "placement/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "placement/cuda_estimates.h"

namespace llt::placement {
namespace {

constexpr std::uint64_t kStep = 256;             // tokens; caches grow in such steps
constexpr std::uint64_t kLeastForRequest = 512;  // tokens a slot; less is not worth proposing

// The largest number from `least` to `most` that fits, if whatever is less fits too.
template <class Fits>
std::optional<std::uint64_t> largest(std::uint64_t least, std::uint64_t most, const Fits& fits) {
  if (least > most || !fits(least)) return std::nullopt;
  while (least < most) {
    const std::uint64_t middle = least + (most - least + 1) / 2;
    if (fits(middle)) {
      least = middle;
    } else {
      most = middle - 1;
    }
  }
  return least;
}

bool uses_wide_cache(const EngineOptions& options) {
  return !gguf::find_tensor_type(options.key_type)->quantised ||
         !gguf::find_tensor_type(options.value_type)->quantised;
}

bool fits_in_ram(const PlanRequest& request, const Usage& host) {
  return !request.ram_bytes || host.bytes() <= *request.ram_bytes;
}

}  // namespace

bool Trial::on_cards() const noexcept {
  return std::ranges::any_of(split, [](double share) { return share > 0; });
}

std::uint64_t reserve_bytes(const Card& card) noexcept {
  if (!card.reserved_bytes) return kReserveBytes;
  return *card.reserved_bytes + kFragmentationBytes;
}

std::uint64_t engine_context_bytes(const Trial& trial) noexcept {
  const auto busy = std::ranges::count_if(trial.split, [](double share) { return share > 0; });
  const bool exchange = busy > 1 && trial.request.options.split_mode == SplitMode::tensor;
  return kEngineContextBytes + (exchange ? kTensorModeBytes : 0);
}

Outcome attempt(const Trial& trial, const EngineOptions& options, std::uint64_t context) {
  Outcome outcome;
  outcome.context = context;
  const ContextShape shape = context_shape(options, context);
  const std::vector<double> shares = trial.on_cards() ? trial.split : std::vector<double>();
  outcome.usage = model_usage(trial.model, options, shape, shares);
  outcome.usage.cards.resize(trial.request.cards.size());
  outcome.fits = fits_in_ram(trial.request, outcome.usage.host);
  const std::uint64_t context_bytes = engine_context_bytes(trial);
  for (std::size_t i = 0; i < trial.request.cards.size(); ++i) {
    const Card& card = trial.request.cards[i];
    const std::uint64_t taken = card.used_bytes + reserve_bytes(card);
    const bool engine = trial.split[i] > 0;
    outcome.needed.push_back(engine ? outcome.usage.cards[i].bytes() + context_bytes : 0);
    outcome.available.push_back(card.total_bytes > taken ? card.total_bytes - taken : 0);
    if (engine && outcome.needed.back() + trial.spare_bytes > outcome.available.back()) outcome.fits = false;
  }
  return outcome;
}

std::optional<std::uint64_t> largest_context(const Trial& trial, std::uint64_t most) {
  const EngineOptions& options = trial.request.options;
  const std::uint64_t least = std::max(kLeastForRequest * options.parallel.value_or(1), kStep);
  const auto steps = largest((least + kStep - 1) / kStep, most / kStep,
                             [&](std::uint64_t n) { return attempt(trial, options, n * kStep).fits; });
  return steps ? std::optional(*steps * kStep) : std::nullopt;
}

std::vector<std::string> changes_that_fit(const Trial& trial, std::uint64_t context) {
  std::vector<std::string> changes;
  const EngineOptions& asked = trial.request.options;
  if (const auto tokens = largest_context(trial, context); tokens)
    changes.push_back(fmt::format("--ctx {}", *tokens));
  if (asked.has_flash_attention() && uses_wide_cache(asked)) {
    EngineOptions narrow = asked;
    narrow.key_type = narrow.value_type = gguf::find_tensor_type("q8_0")->id;
    PlanRequest request = trial.request;
    request.options = narrow;
    if (check_request(trial.model, request) && attempt(trial, narrow, context).fits) {
      changes.emplace_back("--kv-type q8_0");
    }
  }
  if (!trial.on_cards()) return changes;
  const auto layers = largest(1, trial.model.layers.size(), [&](std::uint64_t count) {
    EngineOptions fewer = asked;
    fewer.offloaded_layers = count;
    return attempt(trial, fewer, context).fits;
  });
  if (layers && layers < asked.offloaded_layers.value_or(trial.model.layers.size() + 1)) {
    changes.push_back(fmt::format("--gpu-layers {}", *layers));
  }
  return changes;
}

}  // namespace llt::placement
