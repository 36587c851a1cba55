#pragma once
// Where a model can go, what it needs there, and how llama-server has to be started for that. No I/O, no
// clock: the same input gives the same plan.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "placement/bounds.h"
#include "placement/card.h"
#include "placement/model_shape.h"
#include "placement/options.h"
#include "placement/usage.h"

namespace llt::placement {

/// Where analytics are to run: where there is most room, on no GPU, or on a card (`Card::index`).
struct AnalyticsWish {
  bool none = false;
  std::optional<std::size_t> card;
};

struct PlanRequest {
  std::vector<Card> cards;  ///< in PCI bus order; empty: a machine without GPUs
  EngineOptions options;
  std::optional<std::uint64_t> ram_bytes;  ///< of the machine that the plan is for; nothing: not known
  AnalyticsWish analytics = {};
};

/// Who uses a placement's cards.
enum class Role { unused, engine, analytics, both };

struct CardPlan {
  std::size_t index = 0;  ///< in PlanRequest::cards
  Card card;
  Role role = Role::unused;
  Usage usage;
  std::uint64_t context_bytes = 0;  ///< of the engine: CUDA's context and the like; an estimate
  std::uint64_t reserve_bytes = 0;
  std::uint64_t free_bytes = 0;     ///< 0 when more is needed than there is
  std::uint64_t missing_bytes = 0;  ///< 0 when it fits
};

/// What analytics can hold on its card. Estimates (cuda_estimates.h).
struct AnalyticsRoom {
  std::size_t index = 0;  ///< of the card in PlanRequest::cards
  std::uint64_t bytes = 0, rows = 0, edges = 0;
};

enum class Verdict { fits, fits_with_changes, does_not_fit };

struct Placement {
  std::string name;  ///< "split", "dual", "single" or "cpu"
  Verdict verdict = Verdict::does_not_fit;
  std::string reason;                ///< one sentence without a full stop
  std::vector<std::string> changes;  ///< each of them alone makes it fit: "--ctx 8192"
  std::vector<std::string> notes;    ///< sentences without a full stop
  std::vector<double> tensor_split;  ///< of all cards
  std::uint64_t context_tokens = 0, parallel = 0;
  std::vector<CardPlan> cards;
  Usage host;
  std::optional<AnalyticsRoom> analytics;
  Bounds bounds;
  std::vector<std::string> flags;                                ///< of llama-server
  std::vector<std::pair<std::string, std::string>> environment;  ///< of llama-server

  [[nodiscard]] bool fits() const noexcept { return verdict == Verdict::fits; }
};

struct Plan {
  std::vector<Placement> placements;  ///< split, dual, single, cpu; always these four
  std::optional<std::size_t> chosen;  ///< nothing when none that was asked for fits
  std::string why;                    ///< one sentence without a full stop

  [[nodiscard]] const Placement* best() const noexcept { return chosen ? &placements[*chosen] : nullptr; }
  /// One of the four.
  [[nodiscard]] const Placement* find(std::string_view name) const noexcept;
};

/// invalid_argument when the options contradict each other, the cards or the model; the sentence names the
/// flag of `llamatelemetry plan`.
[[nodiscard]] Result<> check_request(const ModelShape& model, const PlanRequest& request);

/// Takes milliseconds. Fails as check_request() does.
[[nodiscard]] Result<Plan> plan(const ModelShape& model, const PlanRequest& request);

}  // namespace llt::placement
