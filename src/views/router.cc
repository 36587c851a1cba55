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
};
constexpr std::string_view kRequestPrefix = "/api/v1/requests/";

Route route_for(std::string_view method, Resource resource, bool post, bool needs_key) {
  Route route;
  route.resource = resource;
  route.allow = post ? "POST" : "GET, HEAD";
  route.method_allowed = post ? method == "POST" : method == "GET" || method == "HEAD";
  route.needs_key = needs_key;
  return route;
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
  return route_for(method, Resource::asset, false, false);
}

}  // namespace llt::views
