#pragma once

#include <opentelemetry/exporters/otlp/otlp_preferred_temporality.h>

#include "telemetry/otlp_config.h"

namespace llt::telemetry {

[[nodiscard]] inline opentelemetry::exporter::otlp::PreferredAggregationTemporality to_otlp(
    Temporality temporality) {
  using Preferred = opentelemetry::exporter::otlp::PreferredAggregationTemporality;
  switch (temporality) {
    case Temporality::cumulative:
      return Preferred::kCumulative;
    case Temporality::delta:
      return Preferred::kDelta;
    case Temporality::low_memory:
      return Preferred::kLowMemory;
  }
  return Preferred::kCumulative;
}

}  // namespace llt::telemetry
