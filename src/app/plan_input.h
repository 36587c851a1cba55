#pragma once
// What `plan` is asked, from the command line.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "placement/card.h"
#include "placement/planner.h"

namespace llt::app {

/// As given; empty texts and unset numbers were not given.
struct PlanOptions {
  std::string file;
  std::string gpu;      ///< sizes separated by commas
  std::string preset;   ///< a name, or N×SIZE
  std::string kv_type;  ///< one type, or two: of keys and of values
  std::string tensor_split, split_mode, flash_attention;
  std::optional<std::uint64_t> context, parallel, batch, micro_batch, offloaded_layers;
  bool json = false;
};

/// "15GiB,15GiB", "2x15GiB", "kaggle-2xt4", "8×h100,24GB"; "cpu" is no card. All errors are invalid_argument.
[[nodiscard]] Result<std::vector<placement::Card>> parse_cards(std::string_view text);

/// "0.7,0.3". The message does not name the flag.
[[nodiscard]] Result<std::vector<double>> parse_tensor_split(std::string_view text);

/// "on", "off" or "auto". The message does not name the flag.
[[nodiscard]] Result<placement::FlashAttention> parse_flash_attention(std::string_view text);

/// One type of a cache, or two: of keys and of values.
[[nodiscard]] Result<> parse_cache_types(std::string_view text, placement::EngineOptions& engine);

/// "layer", "row" or "tensor"; "" is "layer".
[[nodiscard]] Result<placement::SplitMode> parse_split_mode(std::string_view text);

/// Everything of a request but the cards that are in this machine.
[[nodiscard]] Result<placement::EngineOptions> parse_engine_options(const PlanOptions& options);

}  // namespace llt::app
