#include "gateway/errors.h"

#include <nlohmann/json.hpp>

namespace llt::gateway {
namespace {

using Json = nlohmann::ordered_json;

Json error_object(const GatewayError& error, Api api) {
  if (api == Api::anthropic) {
    return {{"type", "error"}, {"error", {{"type", error.type}, {"message", error.message}}}};
  }
  return {{"error",
           {{"message", error.message}, {"type", error.type}, {"param", nullptr}, {"code", error.status}}}};
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

std::string error_body(const GatewayError& error, Api api) { return dump(error_object(error, api)); }

std::string error_event(const GatewayError& error, Api api) {
  if (api == Api::anthropic) return "event: error\ndata: " + dump(error_object(error, api)) + "\n\n";
  if (api == Api::responses) {
    const Json event{{"type", "error"}, {"code", error.type}, {"message", error.message}, {"param", nullptr}};
    return "event: error\ndata: " + dump(event) + "\n\n";
  }
  return "data: " + dump(error_object(error, api)) + "\n\n";
}

}  // namespace llt::gateway
