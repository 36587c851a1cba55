#pragma once
// Which graph is asked for and what of it, from a request's parameters. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analytics/session.h"
#include "base/error.h"
#include "views/target.h"

namespace llt::views {

struct GraphRequest {
  std::string graph;  ///< trace, services, interference, prefix, model, or the name of an upload
  std::string trace;  ///< of trace: only this one
  std::optional<std::int64_t> since_seconds;
  std::string algorithm;  ///< empty: the graph's usual one
  analytics::Request request;
  std::string from;     ///< the id at which the algorithm begins; empty: none was given
  bool layout = true;   ///< places from here; otherwise the page makes them
  bool binary = false;  ///< packed arrays instead of JSON
  analytics::Want want = analytics::Want::automatic;
};

/// Parameters: algorithm, trace, since (seconds), from, samples, radius, resolution, damping, iterations, seed,
/// directed (1, 0), layout (server, none), format (json, binary), backend (auto, cpu, gpu). An unknown one is
/// refused, so that a misspelt limit is not silently none.
[[nodiscard]] Result<GraphRequest> parse_graph_request(std::string_view graph, const Target& target);

/// The same for every request that gives the same answer, apart from `format`.
[[nodiscard]] std::string cache_key(const GraphRequest& request);

}  // namespace llt::views
