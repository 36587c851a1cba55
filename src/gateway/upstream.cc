#include "gateway/upstream.h"

#include <fmt/format.h>

#include <algorithm>

namespace llt::gateway {

void Upstream::set_models(std::vector<std::string> models) {
  models_.store(std::make_shared<const std::vector<std::string>>(std::move(models)));
}

bool Upstream::serves(std::string_view model) const {
  const auto models = models_.load();
  return models && std::ranges::find(*models, model) != models->end();
}

std::vector<std::string> Upstream::models() const {
  const auto models = models_.load();
  return models ? *models : std::vector<std::string>{};
}

Upstream& UpstreamSet::add(std::string name, BaseUrl url, std::string api_key) {
  return *upstreams_.emplace_back(
      std::make_unique<Upstream>(std::move(name), std::move(url), std::move(api_key)));
}

Result<Upstream*> UpstreamSet::choose(std::string_view model) const {
  Upstream* best = nullptr;
  bool best_serves = false;
  bool any_loading = false;
  const Upstream* absent = nullptr;  // serves the model, and not now
  for (const auto& candidate : upstreams_) {
    any_loading |= candidate->state() == UpstreamState::loading;
    const bool serves = upstreams_.size() > 1 && !model.empty() && candidate->serves(model);
    if (candidate->state() != UpstreamState::ready) {
      if (serves) absent = candidate.get();
      continue;
    }
    const bool better = best == nullptr || (serves && !best_serves) ||
                        (serves == best_serves && candidate->outstanding.load(std::memory_order_relaxed) <
                                                      best->outstanding.load(std::memory_order_relaxed));
    if (better) {
      best = candidate.get();
      best_serves = serves;
    }
  }
  // Another server would answer, with another model than the one that was asked for.
  if (absent != nullptr && !best_serves) {
    return fail(ErrorCode::unavailable,
                fmt::format("the server of model '{}', {}, {}", model, absent->name(),
                            absent->state() == UpstreamState::loading ? "is loading" : "is down"),
                "see `llamatelemetry status`");
  }
  if (best != nullptr) return best;
  if (any_loading) return fail(ErrorCode::unavailable, "the model is loading", "try again in a few seconds");
  return fail(ErrorCode::unavailable, "no inference server is up", "see `llamatelemetry status`");
}

std::vector<UpstreamSet::Model> UpstreamSet::models() const {
  std::vector<Model> all;
  for (const auto& upstream : upstreams_) {
    if (upstream->state() != UpstreamState::ready) continue;
    for (std::string& name : upstream->models()) {
      if (std::ranges::find(all, name, &Model::name) == all.end())
        all.push_back({std::move(name), upstream->name()});
    }
  }
  return all;
}

}  // namespace llt::gateway
