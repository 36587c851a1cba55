#include "app/gpu_roles.h"
#include "app/json_text.h"
#include "app/plan_report.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

std::string_view verdict_name(placement::Verdict verdict) {
  switch (verdict) {
    case placement::Verdict::fits:
      return "fits";
    case placement::Verdict::fits_with_changes:
      return "fits with changes";
    case placement::Verdict::does_not_fit:
      return "does not fit";
  }
  return "does not fit";
}

Json card_json(const placement::CardPlan& plan) {
  return {{"index", plan.card.index},
          {"name", plan.card.name.empty() ? Json(nullptr) : Json(plan.card.name)},
          {"role", std::string(role_name(plan.role))},
          {"total_bytes", plan.card.total_bytes},
          {"weights_bytes", plan.usage.weights_bytes},
          {"kv_bytes", plan.usage.kv_bytes},
          {"compute_bytes", plan.usage.compute_bytes},
          {"context_bytes", plan.context_bytes},
          {"reserve_bytes", plan.reserve_bytes},
          {"others_bytes", plan.card.used_bytes},
          {"free_bytes", plan.free_bytes},
          {"missing_bytes", plan.missing_bytes},
          {"layers", plan.usage.layers},
          {"output", plan.usage.output}};
}

Json analytics_json(const placement::Placement& p) {
  const auto& room = p.analytics;
  if (!room) return nullptr;
  return {{"gpu", p.cards[room->index].card.index},
          {"bytes", room->bytes},
          {"rows", room->rows},
          {"edges", room->edges}};
}

Json placement_json(const placement::Placement& p) {
  Json cards = Json::array();
  for (const placement::CardPlan& card : p.cards) cards.push_back(card_json(card));
  Json environment = Json::object();
  for (const auto& [name, value] : p.environment) environment[name] = value;
  return {{"name", p.name},
          {"fits", p.fits()},
          {"verdict", std::string(verdict_name(p.verdict))},
          {"reason", p.reason},
          {"changes", p.changes},
          {"notes", p.notes},
          {"tensor_split", p.tensor_split},
          {"context_tokens", p.context_tokens == 0 ? Json(nullptr) : Json(p.context_tokens)},
          {"parallel", p.parallel == 0 ? Json(nullptr) : Json(p.parallel)},
          {"flags", p.flags},
          {"env", environment},
          {"gpus", cards},
          {"host",
           {{"weights_bytes", p.host.weights_bytes},
            {"kv_bytes", p.host.kv_bytes},
            {"compute_bytes", p.host.compute_bytes},
            {"layers", p.host.layers},
            {"output", p.host.output}}},
          {"analytics", analytics_json(p)},
          {"bounds",
           {{"decode_tokens_per_second", known(p.bounds.decode)},
            {"prefill_tokens_per_second", known(p.bounds.prefill)}}}};
}

}  // namespace

Json plan_json(const PlanReport& report) {
  Json placements = Json::array();
  for (const placement::Placement& p : report.plan.placements) placements.push_back(placement_json(p));
  const placement::Placement* best = report.plan.best();
  return {{"model", report.model.name},
          {"architecture", report.model.architecture},
          {"weights_bytes", report.model.file_bytes()},
          {"gpus_from", report.cards_from},
          {"ram_bytes", known(report.request.ram_bytes)},
          {"placements", placements},
          {"chosen", best == nullptr ? Json(nullptr) : Json(best->name)},
          {"why", report.plan.why}};
}

}  // namespace llt::app
