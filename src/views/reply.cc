#include "views/reply.h"

#include <nlohmann/json.hpp>

namespace llt::views {
namespace {

struct CodeFacts {
  const char* name;
  unsigned status;
};

CodeFacts facts_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return {"invalid_argument", 400};
    case ErrorCode::not_found:
      return {"not_found", 404};
    case ErrorCode::already_exists:
      return {"already_exists", 409};
    case ErrorCode::permission_denied:
      return {"permission_denied", 403};
    case ErrorCode::resource_exhausted:
      return {"resource_exhausted", 503};
    case ErrorCode::unavailable:
      return {"unavailable", 503};
    case ErrorCode::timeout:
      return {"timeout", 504};
    case ErrorCode::data_loss:
      return {"data_loss", 500};
    case ErrorCode::internal:
      return {"internal", 500};
  }
  return {"internal", 500};
}

}  // namespace

Reply error_reply(unsigned status, const Error& error) {
  nlohmann::json document;
  document["error"] = {{"code", facts_of(error.code).name}, {"message", error.message}, {"hint", error.hint}};
  // Messages can quote what the client sent, which need not be UTF-8.
  Reply reply;
  reply.status = status;
  reply.body = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return reply;
}

Reply error_reply(const Error& error) { return error_reply(facts_of(error.code).status, error); }

}  // namespace llt::views
