#pragma once
// cuGraph on one GPU, in a worker process.

#include <optional>

#include "analytics/backend.h"

namespace llt::analytics {

struct GpuOptions {
  std::string visible;  ///< which GPU, as CUDA_VISIBLE_DEVICES; empty: as gpu::analytics_gpu() says
  std::optional<std::uint64_t> memory_bytes;  ///< of the GPU, at most; nothing: what is free
};

/// Starts the worker and tries the GPU. Errors: not_found (no plugin), unavailable (no GPU, no libraries, a
/// plugin of another version); the message says which.
[[nodiscard]] Result<std::unique_ptr<Backend>> make_gpu_backend(const GpuOptions& options = {});

/// What the GPU back end can do; the rest is the CPU's.
[[nodiscard]] bool gpu_can(Algorithm algorithm);

}  // namespace llt::analytics
