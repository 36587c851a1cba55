#include "app/analytics_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "analytics/gpu/find.h"
#include "app/analytics_memory.h"

namespace llt::app {

Result<AnalyticsPlace> analytics_place(const Settings& settings, const std::string& backend,
                                       std::optional<std::uint64_t> gpu_memory_bytes) {
  AnalyticsPlace place{analytics::Want::automatic, {.visible = {}, .memory_bytes = gpu_memory_bytes}};
  if (backend == "cpu") place.want = analytics::Want::cpu;
  if (backend == "gpu") place.want = analytics::Want::gpu;
  const SettingValue* card = settings.find("analytics-gpu");
  if (card == nullptr) return place;
  const std::string& text = card->items.front();
  if (text == "none") {
    if (place.want == analytics::Want::gpu)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{}: there is no GPU for --backend gpu", card->where));
    place.want = analytics::Want::cpu;
    return place;
  }
  if (text.empty() || !std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; }))
    return fail(ErrorCode::invalid_argument, fmt::format("{}: '{}' is no GPU's number", card->where, text),
                "a number as nvidia-smi shows it, or none");
  place.gpu.visible = text;
  return place;
}

void bound_memory(const Settings& settings, AnalyticsPlace& place) {
  const bool possible = place.want == analytics::Want::gpu || analytics::gpu::driver_gpu_count() != 0;
  if (place.gpu.memory_bytes || place.want == analytics::Want::cpu || !possible) return;
  const std::string gpu = place.gpu.visible.empty() ? analytics::gpu::analytics_gpu() : place.gpu.visible;
  place.gpu.memory_bytes = planned_for_analytics(settings, gpu);
}

}  // namespace llt::app
