#include "views/pictures.h"

#include <fmt/format.h>

#include <exception>

#include "base/log.h"
#include "views/trace/trace_api.h"

namespace llt::views {
namespace {

Reply model_reply(const Result<std::string>& document) {
  if (!document) return error_reply(document.error());
  Reply reply;
  reply.body = *document;
  return reply;
}

Error no_model() {
  return {ErrorCode::not_found, "no model file is known here",
          "it is known where llamatelemetry starts llama-server itself (--model); attached servers do not "
          "show theirs"};
}

}  // namespace

bool is_picture(Resource resource) { return resource >= Resource::traces && resource <= Resource::plan; }

bool is_slow(Resource resource) { return resource == Resource::graph || resource == Resource::graph_upload; }

Reply Pictures::answer(const Route& route, const Target& target, std::string_view body,
                       std::stop_token stop) {
  try {
    return answer_for(route, target, body, std::move(stop));
  } catch (const std::exception& error) {
    return error_reply({ErrorCode::internal, std::string("the console failed: ") + error.what(), ""});
  }
}

bool Pictures::is_soon(const Route& route, const Target& target) {
  const bool of_trace = route.resource == Resource::trace || route.resource == Resource::trace_rows ||
                        route.resource == Resource::trace_row;
  return of_trace && views::is_soon(traces_, route.id, target, route.resource == Resource::trace);
}

void Pictures::expect_trace(const std::string& id) {
  try {
    // Whoever asks is told what went wrong.
    static_cast<void>(traces_.get_soon(*sources_.reader, id, true));
  } catch (const std::exception& error) {
    spdlog::warn("console: a trace could not be sketched ahead: {}", error.what());
  }
}

Reply Pictures::answer_for(const Route& route, const Target& target, std::string_view body,
                           std::stop_token stop) {
  store::Reader& reader = *sources_.reader;
  switch (route.resource) {
    case Resource::traces:
      return list_traces(reader, target);
    case Resource::trace:
      return describe_trace(reader, traces_, route.id, target);
    case Resource::trace_rows:
      return show_rows(reader, traces_, route.id, target);
    case Resource::trace_row:
      return describe_row(reader, traces_, route.id, route.part, target);
    case Resource::graphs:
      return graphs_.list();
    case Resource::graph:
      return graphs_.get(route.id, target, std::move(stop));
    case Resource::graph_upload:
      return graphs_.upload(body);
    case Resource::model:
      return sources_.model.summary ? model_reply(sources_.model.summary()) : error_reply(no_model());
    default:
      return sources_.model.plan ? model_reply(sources_.model.plan(target.parameters))
                                 : error_reply(no_model());
  }
}

Reply with_etag(Reply reply, std::string_view if_none_match) {
  if (reply.status != 200) return reply;
  const std::string etag =
      fmt::format("\"{:016x}-{:x}\"", std::hash<std::string_view>{}(reply.content()), reply.content().size());
  reply.headers.emplace_back("ETag", etag);
  reply.headers.emplace_back("Cache-Control", "private, no-cache");
  if (if_none_match.find(etag) != std::string_view::npos) reply.status = 304;
  return reply;
}

}  // namespace llt::views
