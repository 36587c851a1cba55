#include "gateway/upstream.h"

#include <algorithm>

namespace llt::gateway {

void Upstream::set_models(std::vector<std::string> models) {
  models_.store(std::make_shared<const std::vector<std::string>>(std::move(models)));
}

bool Upstream::serves(std::string_view model) const {
  const auto models = models_.load();
  return models && std::ranges::find(*models, model) != models->end();
}

Upstream& UpstreamSet::add(std::string name, BaseUrl url, std::string api_key) {
  return *upstreams_.emplace_back(
      std::make_unique<Upstream>(std::move(name), std::move(url), std::move(api_key)));
}

Result<Upstream*> UpstreamSet::choose(std::string_view model) const {
  Upstream* best = nullptr;
  bool best_serves = false;
  bool any_loading = false;
  for (const auto& candidate : upstreams_) {
    any_loading |= candidate->state() == UpstreamState::loading;
    if (candidate->state() != UpstreamState::ready) continue;
    const bool serves = upstreams_.size() > 1 && !model.empty() && candidate->serves(model);
    const bool better = best == nullptr || (serves && !best_serves) ||
                        (serves == best_serves && candidate->outstanding.load(std::memory_order_relaxed) <
                                                      best->outstanding.load(std::memory_order_relaxed));
    if (better) {
      best = candidate.get();
      best_serves = serves;
    }
  }
  if (best != nullptr) return best;
  if (any_loading) return fail(ErrorCode::unavailable, "the model is loading", "try again in a few seconds");
  return fail(ErrorCode::unavailable, "no inference server is up", "see `llamatelemetry status`");
}

}  // namespace llt::gateway
