#pragma once
// One request on one graph: chooses the back end, runs, and says what happened.

#include <string>

#include "analytics/algorithm.h"
#include "analytics/gpu/gpu_backend.h"

namespace llt::analytics {

enum class Want : std::uint8_t { automatic, cpu, gpu };

struct Run {
  Outcome outcome;
  std::string backend;  ///< "cpu" or "gpu"
  std::string version;  ///< of the libraries that did the work
  std::string reason;   ///< why this back end
  double elapsed_ms =
      0;  ///< handing the graph over and running the algorithm; not reading it, not starting a worker
  std::optional<double> build_ms =
      {};  ///< of these: bringing the graph into the form that the algorithm needs
  std::optional<Vertex> samples = {};  ///< betweenness: from so many vertices only, whatever was asked
};

/// `request` has passed check(). With Want::automatic a GPU that is not there, or fails, or whose memory does
/// not suffice, leaves the work to the CPU, and `reason` says so. With Want::gpu a GPU that cannot be used is
/// an error. Betweenness for which its memory does not suffice is tried from a sample of the vertices first.
[[nodiscard]] Result<Run> analyse(const EdgeList& edges, const Request& request, Want want,
                                  const GpuOptions& gpu, const Progress& progress);

}  // namespace llt::analytics
