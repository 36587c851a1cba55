#pragma once
// Vectors on one GPU, in the worker process: the nearest of some of them among all, by cuVS.

#include <span>
#include <string>

#include "analytics/gpu/gpu_backend.h"
#include "analytics/gpu/worker_process.h"

namespace llt::analytics::gpu {

/// What was found for some rows: `count` each, the most similar first, itself among them.
struct NearestFound {
  std::uint64_t count;
  SharedMemory memory;  ///< laid out as NearestLayout
  NearestLayout layout;

  [[nodiscard]] std::span<const std::int64_t> rows(std::uint64_t of) const {
    return {memory.at<std::int64_t>(0) + of * count, count};
  }
  [[nodiscard]] std::span<const float> similarities(std::uint64_t of) const {
    return {memory.at<float>(layout.similarities) + of * count, count};
  }
};

/// One worker and the vectors that lie on its GPU.
class Vectors {
 public:
  /// Errors: as make_gpu_backend().
  static Result<Vectors> open(const GpuOptions& options);

  [[nodiscard]] std::string version() const;
  /// `memory` has `rows` vectors of length 1, row after row. Errors: unavailable (the worker is gone),
  /// resource_exhausted (the GPU's memory), internal.
  [[nodiscard]] Result<> load(const SharedMemory& memory, std::uint64_t rows, std::uint64_t dimensions);
  /// Of the rows from `first` on, `rows` many, the `count` most similar among all. Errors: as load().
  [[nodiscard]] Result<NearestFound> nearest(std::uint64_t first, std::uint64_t rows, std::uint64_t count);

 private:
  Vectors(WorkerProcess worker, const Reply& opened, std::string visible)
      : worker_(std::move(worker)), version_(opened.version), visible_(std::move(visible)) {}
  WorkerProcess worker_;
  std::string version_, visible_;
};

}  // namespace llt::analytics::gpu
