#pragma once
// Which GenAI conventions are spoken: OTEL_SEMCONV_STABILITY_OPT_IN.

#include "schema/names.h"
#include "telemetry/environment.h"

namespace llt::telemetry {

/// Default: the released names only. `gen_ai_latest_experimental`: their successors only.
/// `gen_ai_latest_experimental/dup`: both, for the time of a move.
struct NameSets {
  bool rel = true;
  bool main = false;

  [[nodiscard]] static NameSets from_environment(const Environment& environment);
  [[nodiscard]] bool include(names::NameSet set) const noexcept;
};

}  // namespace llt::telemetry
