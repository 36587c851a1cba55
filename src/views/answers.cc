#include "views/answers.h"

#include <exception>

#include "views/assets.h"
#include "views/heatmap_api.h"
#include "views/range_api.h"
#include "views/requests_api.h"
#include "views/schema_api.h"

namespace llt::views {
namespace {

Reply health_reply(const LiveFacts& facts) {
  Reply reply;
  reply.status = facts.serving ? 200 : 503;
  std::string state = "no upstream";
  if (!facts.engines.empty()) state = facts.engines.front().state;
  reply.body =
      facts.serving ? "{\"status\":\"ok\"}\n" : "{\"status\":\"unavailable\",\"engine\":\"" + state + "\"}\n";
  return reply;
}

Reply reply_for(const Route& route, const Target& target, const Sources& sources) {
  switch (route.resource) {
    case Resource::healthz:
      return health_reply(sources.live());
    case Resource::metrics: {
      Reply reply;
      reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
      reply.body = sources.prometheus_text();
      return reply;
    }
    case Resource::status: {
      Reply reply;
      reply.body = sources.status_json();
      return reply;
    }
    case Resource::description: {
      Reply reply;
      reply.static_body = api_description();
      return reply;
    }
    case Resource::requests:
      return list_requests(*sources.reader, target);
    case Resource::heatmap:
      return request_heatmap(*sources.reader, target);
    case Resource::range:
      return curves_of_range(*sources.reader, target);
    case Resource::schema:
      return schema_reply();
    default:
      return describe_request(*sources.reader, route.id);
  }
}

}  // namespace

Reply bad_target_reply() {
  return error_reply(400, {ErrorCode::invalid_argument, "the request's target is not a path", ""});
}

Reply header_too_large_reply() {
  return error_reply(431,
                     {ErrorCode::resource_exhausted, "the request's header is too large", "at most 16 KiB"});
}

Reply body_too_large_reply() {
  return error_reply(413,
                     {ErrorCode::resource_exhausted, "the request's body is too large", "at most 1 MiB"});
}

Reply not_http_reply(std::string_view why) {
  return error_reply(400,
                     {ErrorCode::invalid_argument, "this is not an HTTP request: " + std::string(why), ""});
}

Reply too_many_reply(unsigned status, std::string what, std::string_view retry_after_s) {
  Reply reply = error_reply(status, {ErrorCode::resource_exhausted, std::move(what), "try again later"});
  reply.headers.emplace_back("Retry-After", retry_after_s);
  return reply;
}

Reply computed_reply(const Route& route, const Target& target, const Sources& sources) {
  try {
    return reply_for(route, target, sources);
  } catch (const std::exception& error) {
    return error_reply({ErrorCode::internal, std::string("the console failed: ") + error.what(), ""});
  }
}

}  // namespace llt::views
