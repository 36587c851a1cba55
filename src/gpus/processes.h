#pragma once
// Which processes have memory on a card.

#include <vector>

#include "gpus/gpus.h"
#include "gpus/nvml.h"

namespace llt::gpus {

/// Those with a CUDA context there; empty where the driver does not tell.
[[nodiscard]] std::vector<GpuProcess> processes_on(const nvml::Library& library, nvml::Device device);

}  // namespace llt::gpus
