#pragma once
// One way to spread a model over cards, tried out.

#include "placement/planner.h"

namespace llt::placement {

/// A model and a request that has been checked, with one division of the model among the cards.
struct Trial {
  const ModelShape& model;
  const PlanRequest& request;
  std::vector<double> split;      ///< one share for each card of the request; all 0: the processor alone
  std::uint64_t spare_bytes = 0;  ///< to be left free on each card of the engine, besides the reserve

  [[nodiscard]] bool on_cards() const noexcept;
};

struct Outcome {
  std::uint64_t context = 0;                     ///< tokens
  ModelUsage usage;                              ///< .cards has one entry for each card of the request
  std::vector<std::uint64_t> needed, available;  ///< bytes on each card
  bool fits = false;
};

/// What is left alone on a card.
[[nodiscard]] std::uint64_t reserve_bytes(const Card& card) noexcept;

/// What the engine holds on each of its cards besides its buffers; an estimate.
[[nodiscard]] std::uint64_t engine_context_bytes(const Trial& trial) noexcept;

[[nodiscard]] Outcome attempt(const Trial& trial, const EngineOptions& options, std::uint64_t context);

/// The largest context that fits, in whole steps of the cache, at most `most`. Nothing when none does.
[[nodiscard]] std::optional<std::uint64_t> largest_context(const Trial& trial, std::uint64_t most);

/// What would make a trial fit that does not, each change by itself.
[[nodiscard]] std::vector<std::string> changes_that_fit(const Trial& trial, std::uint64_t context);

}  // namespace llt::placement
