#pragma once
// The GPUs as samples: hw.* of the semantic conventions for hardware, and ours for what they lack.

#include <vector>

#include "telemetry/gauges.h"
#include "telemetry/gpu_watch.h"

namespace llt::telemetry {

/// What a card does not tell has no sample.
void add_gpu_samples(const GpuWatch& watch, std::vector<Sample>& out);

}  // namespace llt::telemetry
