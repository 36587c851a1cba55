#include "views/router.h"

#include <array>

namespace llt::views {
namespace {

struct Entry {
  std::string_view path;
  Resource resource;
  bool post;
  bool needs_key;
};

// The page itself and its health say nothing that needs a key; all else does.
constexpr std::array kEntries{
    Entry{"/healthz", Resource::healthz, false, false},
    Entry{"/metrics", Resource::metrics, false, true},
    Entry{"/api", Resource::description, false, false},
    Entry{"/api/v1/status", Resource::status, false, true},
    Entry{"/api/v1/query", Resource::query, true, true},
    Entry{"/api/v1/live", Resource::live, false, true},
    Entry{"/api/v1/requests", Resource::requests, false, true},
    Entry{"/api/v1/heatmap", Resource::heatmap, false, true},
    Entry{"/api/v1/range", Resource::range, false, true},
    Entry{"/api/v1/schema", Resource::schema, false, true},
    Entry{"/api/v1/traces", Resource::traces, false, true},
    Entry{"/api/v1/graphs", Resource::graphs, false, true},
    Entry{"/api/v1/graphs/edges", Resource::graph_upload, true, true},
    Entry{"/api/v1/model", Resource::model, false, true},
    Entry{"/api/v1/plan", Resource::plan, false, true},
};
constexpr std::string_view kRequestPrefix = "/api/v1/requests/";
constexpr std::string_view kTracePrefix = "/api/v1/traces/";
constexpr std::string_view kGraphPrefix = "/api/v1/graphs/";
constexpr std::string_view kRows = "/rows";

Route route_for(std::string_view method, Resource resource, bool post, bool needs_key) {
  Route route;
  route.resource = resource;
  route.allow = post ? "POST" : "GET, HEAD";
  route.method_allowed = post ? method == "POST" : method == "GET" || method == "HEAD";
  route.needs_key = needs_key;
  return route;
}

// "ID", "ID/rows" or "ID/rows/NUMBER". An id is a client's own and may hold slashes, so its end is looked at.
Route trace_route(std::string_view method, std::string_view rest) {
  const auto route = [&](Resource resource, std::string_view id, std::string_view part) {
    Route made = route_for(method, resource, false, true);
    made.id = id;
    made.part = part;
    return made;
  };
  if (rest.size() > kRows.size() && rest.ends_with(kRows))
    return route(Resource::trace_rows, rest.substr(0, rest.size() - kRows.size()), {});
  const std::size_t slash = rest.rfind('/');
  if (slash != std::string_view::npos && rest.substr(0, slash).ends_with(kRows) && slash > kRows.size())
    return route(Resource::trace_row, rest.substr(0, slash - kRows.size()), rest.substr(slash + 1));
  return route(Resource::trace, rest, {});
}

}  // namespace

Route route_of(std::string_view method, std::string_view path) {
  for (const Entry& entry : kEntries) {
    if (path == entry.path) return route_for(method, entry.resource, entry.post, entry.needs_key);
  }
  if (path.starts_with(kRequestPrefix) && path.size() > kRequestPrefix.size()) {
    Route route = route_for(method, Resource::request, false, true);
    route.id = path.substr(kRequestPrefix.size());
    return route;
  }
  if (path.starts_with(kTracePrefix) && path.size() > kTracePrefix.size())
    return trace_route(method, path.substr(kTracePrefix.size()));
  if (path.starts_with(kGraphPrefix) && path.size() > kGraphPrefix.size()) {
    Route route = route_for(method, Resource::graph, false, true);
    route.id = path.substr(kGraphPrefix.size());
    return route;
  }
  return route_for(method, Resource::asset, false, false);
}

}  // namespace llt::views
