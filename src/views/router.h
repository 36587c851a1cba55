#pragma once
// Which answer a method and a path ask for: pure, so that it can be tested alone.

#include <cstdint>
#include <string>
#include <string_view>

namespace llt::views {

enum class Resource : std::uint8_t {
  asset,  ///< a file of the page, or nothing
  healthz,
  metrics,
  description,  ///< OpenAPI
  status,
  query,
  live,
  requests,
  heatmap,  ///< of requests
  schema,
  range,    ///< the live curves of any time
  request,  ///< one request; `Route::id` names it
  // What pictures.h answers, from here to `plan`.
  traces,
  trace,         ///< `Route::id`: of a trace or a request
  trace_rows,    ///< what a window of it shows
  trace_row,     ///< `Route::part`: its number
  graphs,        ///< what can be asked
  graph,         ///< `Route::id`: its name
  graph_upload,  ///< an edge list
  model,
  plan,
};

struct Route {
  Resource resource = Resource::asset;
  std::string id;
  std::string part;  ///< of what `id` names
  bool method_allowed = false;
  std::string_view allow;  ///< the methods that are, for a 405
  bool needs_key = false;  ///< when keys are set: everything that shows data
};

[[nodiscard]] Route route_of(std::string_view method, std::string_view path);

}  // namespace llt::views
