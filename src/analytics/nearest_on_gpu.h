#pragma once
// The search for the nearest on a GPU, and the choice between it and the CPU.

#include <functional>
#include <string>

#include "analytics/choose.h"
#include "analytics/gpu/gpu_vectors.h"
#include "analytics/nearest.h"
#include "analytics/session.h"

namespace llt::analytics {

struct NearestOnGpu {
  std::vector<Neighbour> neighbours;
  std::string version;               ///< "cuVS 26.10.00, GPU 1"
  std::uint64_t searched_again = 0;  ///< rows, by the CPU: see exact_nearest.h
  double move_ms = 0;                ///< dividing by the lengths, and to the GPU
  double search_ms = 0;              ///< the work there, and the candidates back
  double compare_ms = 0;             ///< of candidates, by the CPU
  double again_ms = 0;
  double all_ms = 0;
};

/// As nearest(), by a worker that runs already. Errors: as nearest(); unavailable (the worker is gone),
/// resource_exhausted (the GPU's memory), internal (what came back cannot be right).
[[nodiscard]] Result<NearestOnGpu> nearest_on_gpu(const VectorTable& vectors, std::size_t count,
                                                  unsigned threads, gpu::Vectors& gpu,
                                                  const Progress& progress);

struct NearestRun {
  std::vector<Neighbour> neighbours;
  std::string backend;  ///< "cpu" or "gpu"
  std::string version;  ///< of the libraries behind it; of the GPU only
  std::string reason;   ///< why this back end
  std::uint64_t searched_again = 0;
  double elapsed_ms = 0;  ///< without starting a worker
};

/// Who answers on a GPU: starts the worker. Tests put something else in its place.
using GpuSearch = std::function<Result<NearestOnGpu>()>;

/// With Want::automatic a GPU that is not there, or fails, or whose memory does not suffice, leaves the work
/// to the CPU, and `reason` says so. With Want::gpu that is an error.
[[nodiscard]] Result<NearestRun> choose_and_find(const VectorTable& vectors, std::size_t count,
                                                 unsigned threads, Want want, const Choice& choice,
                                                 const GpuSearch& on_gpu, const Progress& progress);
[[nodiscard]] Result<NearestRun> find_nearest(const VectorTable& vectors, std::size_t count, unsigned threads,
                                              Want want, const GpuOptions& gpu, const Progress& progress);

}  // namespace llt::analytics
