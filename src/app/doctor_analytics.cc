// Whether graphs can be analysed on a GPU here.

#include <fmt/format.h>

#include "analytics/gpu/find.h"
#include "app/doctor_checks.h"

namespace llt::app {

Finding check_gpu_analytics() {
  constexpr const char* kTopic = "gpu_analytics";
  const unsigned gpus = analytics::gpu::driver_gpu_count();
  if (gpus == 0) return all_well(kTopic, "graphs are analysed on the CPU: the NVIDIA driver knows no GPU");
  const auto health = analytics::gpu::examine();
  if (health.usable) return all_well(kTopic, "graphs can be analysed on a GPU", health.what);
  return {.topic = kTopic,
          .severity = Severity::note,
          .what = "graphs are analysed on the CPU: " + health.what,
          .why = "large graphs take longer; answers are the same",
          .action = health.action.empty() ? "see docs/graphs.md" : health.action,
          .evidence = fmt::format("{} GPUs", gpus)};
}

}  // namespace llt::app
