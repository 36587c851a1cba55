#include "placement/planner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "placement/cuda_estimates.h"
#include "placement/engine_flags.h"
#include "placement/reasons.h"
#include "placement/trial.h"

namespace llt::placement {
namespace {

// Tokens, when the model does not say what it was trained on; and the fewest that are worth choosing.
constexpr std::uint64_t kContextIfUnsaid = 4096;
// On a card that the engine shares with analytics: what a context of our choice leaves to them.
constexpr std::uint64_t kSharedBytes = kAnalyticsContextBytes + 1024 * kMebibyte;

Role role_of(const Placement& placement, std::size_t card) {
  const bool engine = placement.tensor_split[card] > 0;
  const bool analytics = placement.analytics && placement.analytics->index == card;
  if (engine) return analytics ? Role::both : Role::engine;
  return analytics ? Role::analytics : Role::unused;
}

void fill_cards(Placement& placement, const Trial& trial, const Outcome& outcome) {
  for (std::size_t i = 0; i < trial.request.cards.size(); ++i) {
    CardPlan card{.index = i, .card = trial.request.cards[i], .usage = outcome.usage.cards[i]};
    card.context_bytes = trial.split[i] > 0 ? engine_context_bytes(trial) : 0;
    card.reserve_bytes = reserve_bytes(card.card);
    const std::uint64_t needed = outcome.needed[i], available = outcome.available[i];
    card.free_bytes = available > needed ? available - needed : 0;
    card.missing_bytes = needed > available ? needed - available : 0;
    placement.cards.push_back(std::move(card));
  }
}

// Analytics go where there is most room: beside the engine only if no card is without it.
const CardPlan* roomiest(const Placement& placement) {
  const CardPlan* best = nullptr;
  const bool idle = std::ranges::any_of(placement.tensor_split, [](double share) { return share == 0; });
  for (const CardPlan& card : placement.cards) {
    const bool engine = placement.tensor_split[card.index] > 0;
    if (engine && idle && placement.name != "single") continue;
    if (!engine && placement.name == "single") continue;
    if (best == nullptr || card.free_bytes > best->free_bytes) best = &card;
  }
  return best;
}

const CardPlan* analytics_card(const Placement& placement, const AnalyticsWish& wish) {
  if (wish.none) return nullptr;
  if (!wish.card) return roomiest(placement);
  const auto asked = std::ranges::find_if(
      placement.cards, [&](const CardPlan& card) { return card.card.index == *wish.card; });
  return asked == placement.cards.end() ? nullptr : &*asked;
}

void add_analytics(Placement& placement, const AnalyticsWish& wish) {
  for (CardPlan& card : placement.cards) card.role = role_of(placement, card.index);
  const CardPlan* best = analytics_card(placement, wish);
  if (best == nullptr) return;
  AnalyticsRoom room{.index = best->index};
  room.bytes = best->free_bytes > kAnalyticsContextBytes ? best->free_bytes - kAnalyticsContextBytes : 0;
  room.rows = room.bytes / kAnalyticsBytesPerRow;
  room.edges = room.bytes / kAnalyticsBytesPerEdge;
  placement.analytics = room;
  CardPlan& card = placement.cards[room.index];
  card.role = role_of(placement, card.index);
}

// The context where none is asked for: what the model was trained on, or the most that fits, first of all
// beside analytics where they share the card. What it was trained on too when not even a short one fits.
std::uint64_t own_context(const Trial& trial, std::uint64_t trained) {
  for (const std::uint64_t spare : {trial.spare_bytes, std::uint64_t{0}}) {
    Trial roomy = trial;
    roomy.spare_bytes = spare;
    if (attempt(roomy, trial.request.options, trained).fits) return trained;
    const auto tokens = largest_context(roomy, trained);
    if (tokens && *tokens >= std::min(kContextIfUnsaid, trained)) return *tokens;
  }
  return trained;
}

// What was asked for if it fits, with a context of our choice where none was; else what would help.
Outcome settle(Placement& placement, Trial trial) {
  const EngineOptions& options = trial.request.options;
  const std::uint64_t trained = std::min(
      trial.model.trained_context == 0 ? kContextIfUnsaid : trial.model.trained_context, kMostTokens);
  const std::uint64_t context = options.context ? *options.context : own_context(trial, trained);
  if (!options.context && context < trained) placement.notes.push_back(shorter_context(context, trained));
  trial.spare_bytes = 0;
  Outcome outcome = attempt(trial, options, context);
  placement.context_tokens = outcome.context;
  placement.parallel = context_shape(options, outcome.context).sequences;
  placement.verdict = Verdict::fits;
  if (outcome.fits) return outcome;
  placement.changes = changes_that_fit(trial, outcome.context);
  placement.verdict = placement.changes.empty() ? Verdict::does_not_fit : Verdict::fits_with_changes;
  return outcome;
}

Placement place(std::string name, const Trial& trial) {
  Placement placement;
  placement.name = std::move(name);
  placement.tensor_split = trial.split;
  const Outcome outcome = settle(placement, trial);
  placement.host = outcome.usage.host;
  fill_cards(placement, trial, outcome);
  add_analytics(placement, trial.request.analytics);
  placement.reason = reason(placement, trial.request);
  add_notes(placement, trial.model, trial.request);
  if (trial.on_cards()) {
    placement.bounds = bounds(trial.model, trial.request.options, outcome.usage, trial.request.cards);
  }
  placement.flags = engine_flags(trial.request.options, placement);
  placement.environment = engine_environment(placement);
  return placement;
}

Placement impossible(std::string name, std::string reason, std::size_t cards) {
  Placement placement;
  placement.name = std::move(name);
  placement.reason = std::move(reason);
  placement.tensor_split.assign(cards, 0.0);
  return placement;
}

std::size_t busy(const std::vector<double>& split) {
  return static_cast<std::size_t>(std::ranges::count_if(split, [](double share) { return share > 0; }));
}

bool is_for_analytics(const PlanRequest& request, std::size_t card) {
  return !request.analytics.none && request.analytics.card == request.cards[card].index;
}

// One card alone: the one that --tensor-split names, else the first that is not meant for analytics.
std::vector<double> one_card(const PlanRequest& request) {
  std::vector<double> split(request.cards.size(), 0.0);
  const std::vector<double>& asked = request.options.tensor_split;
  std::size_t card = 0;
  if (busy(asked) == 1) {
    card = static_cast<std::size_t>(std::ranges::max_element(asked) - asked.begin());
  } else if (split.size() > 1 && is_for_analytics(request, 0)) {
    card = 1;
  }
  split[card] = 1;
  return split;
}

// All cards: by --tensor-split, else by the memory that is free, in whole hundredths; of three and more the
// one that is meant for analytics is left out.
std::vector<double> all_cards(const PlanRequest& request) {
  std::vector<double> split = request.options.tensor_split;
  split.resize(request.cards.size(), 0.0);
  if (busy(split) > 1) return split;
  double sum = 0;
  for (std::size_t i = 0; i < split.size(); ++i) {
    const Card& card = request.cards[i];
    if (split.size() > 2 && is_for_analytics(request, i)) continue;
    const std::uint64_t free = card.total_bytes - std::min(card.total_bytes, card.used_bytes);
    sum += split[i] = static_cast<double>(free);
  }
  if (sum == 0) return std::vector<double>(split.size(), 1.0 / static_cast<double>(split.size()));
  constexpr double kParts = 100;
  for (double& share : split) {
    if (share > 0) share = std::max(std::round(share / sum * kParts), 1.0) / kParts;
  }
  return split;
}

void choose(Plan& plan, const PlanRequest& request) {
  enum : std::size_t { kSplit, kDual, kSingle, kCpu };
  const auto take = [&](std::size_t index, std::string why) {
    plan.chosen = index;
    plan.why = std::move(why);
  };
  const auto fits = [&](std::size_t index) { return plan.placements[index].fits(); };
  const std::size_t cards = request.cards.size();
  if (cards == 0) return fits(kCpu) ? take(kCpu, "there is no GPU") : void(plan.why = "the RAM is too small");
  const std::size_t asked = busy(request.options.tensor_split);
  if (cards == 1 && fits(kSingle)) return take(kSingle, "there is one GPU, and the model fits on it");
  if (asked != 1 && cards > 1 && asked > 1 && fits(kDual)) return take(kDual, "--tensor-split asks for it");
  if (asked == 1 && cards > 1 && fits(kSplit)) return take(kSplit, "--tensor-split asks for it");
  if (asked == 0 && cards > 1 && fits(kSplit)) {
    return take(kSplit, "the model fits on one GPU, so another stays free for analytics");
  }
  if (asked == 0 && cards > 1 && fits(kDual)) return take(kDual, "one GPU is too small for the model");
  plan.why = "on these GPUs it does not fit as asked";
}

}  // namespace

const Placement* Plan::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(placements, name, &Placement::name);
  return found == placements.end() ? nullptr : &*found;
}

Result<Plan> plan(const ModelShape& model, const PlanRequest& request) {
  if (auto checked = check_request(model, request); !checked) return std::unexpected(checked.error());
  const std::size_t cards = request.cards.size();
  const auto trial = [&](std::vector<double> split, std::uint64_t spare = 0) {
    return Trial{model, request, std::move(split), spare};
  };
  Plan plan;
  if (cards > 1) {
    plan.placements.push_back(place("split", trial(one_card(request))));
    plan.placements.push_back(place("dual", trial(all_cards(request))));
  } else {
    plan.placements.push_back(impossible("split", "needs two GPUs", cards));
    plan.placements.push_back(impossible("dual", "needs two GPUs", cards));
  }
  plan.placements.push_back(cards == 0 ? impossible("single", "needs a GPU", cards)
                                       : place("single", trial(one_card(request), kSharedBytes)));
  plan.placements.push_back(place("cpu", trial(std::vector<double>(cards, 0.0))));
  choose(plan, request);
  return plan;
}

}  // namespace llt::placement
