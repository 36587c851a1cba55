#pragma once
// Each algorithm from a request to arrays on the host.

#include "analytics/gpu/plugin/device.h"
#include "analytics/gpu/rapids_abi.h"

namespace llt::rapids {

/// A graph on the GPU.
struct DeviceGraph {
  DeviceGraph(const Device& device, const llt_rapids_graph& graph);
  ~DeviceGraph();
  DeviceGraph(const DeviceGraph&) = delete;
  DeviceGraph& operator=(const DeviceGraph&) = delete;

  const Device& device;
  cugraph_graph_t* graph = nullptr;
  std::uint32_t vertices;
  bool symmetric, wide;
};

/// Throws Failure.
void run(DeviceGraph& graph, const llt_rapids_request& request, llt_rapids_answer& answer);

}  // namespace llt::rapids
