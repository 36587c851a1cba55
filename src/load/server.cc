#include "load/server.h"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

namespace llt::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Json = nlohmann::json;

struct Answer {
  unsigned status = 0;
  std::string body;
};

Result<Answer> get(const BaseUrl& url, const std::string& path, const std::string& api_key) {
  constexpr auto kPatience = std::chrono::seconds(10);
  const auto no_answer = [&](const boost::system::error_code& error) {
    return fail(ErrorCode::unavailable, fmt::format("{} does not answer: {}", url.text, error.message()),
                "is it started, and is this its address?");
  };
  asio::io_context io;
  boost::system::error_code error;
  asio::ip::tcp::resolver resolver(io);
  const auto found = resolver.resolve(url.endpoint.host, std::to_string(url.endpoint.port), error);
  if (error) return no_answer(error);
  beast::tcp_stream stream(io);
  http::request<http::empty_body> request(http::verb::get, url.prefix + path, 11);
  request.set(http::field::host, url.endpoint.to_string());
  request.set(http::field::connection, "close");
  if (!api_key.empty()) request.set(http::field::authorization, "Bearer " + api_key);
  http::response<http::string_body> response;
  beast::flat_buffer buffer;
  // Only asynchronous operations of this stream end in time.
  stream.expires_after(kPatience);
  stream.async_connect(found, [&](boost::system::error_code failed, const auto&) {
    error = failed;
    if (failed) return;
    http::async_write(stream, request, [&](boost::system::error_code unsent, std::size_t) {
      error = unsent;
      if (unsent) return;
      http::async_read(stream, buffer, response,
                       [&](boost::system::error_code unread, std::size_t) { error = unread; });
    });
  });
  io.run();
  if (error) return no_answer(error);
  return Answer{response.result_int(), std::move(response.body())};
}

std::optional<std::string> first_model(const std::string& body) {
  const Json document = Json::parse(body, nullptr, false);
  if (!document.is_object() || !document.contains("data") || !document["data"].is_array())
    return std::nullopt;
  for (const Json& model : document["data"]) {
    if (model.is_object() && model.contains("id") && model["id"].is_string())
      return model["id"].get<std::string>();
  }
  return "";
}

}  // namespace

Result<Server> look_at(const BaseUrl& url, const std::string& api_key) {
  const auto models = get(url, "/v1/models", api_key);
  if (!models) return std::unexpected(models.error());
  if (models->status == 401 || models->status == 403) {
    return fail(ErrorCode::permission_denied, fmt::format("{} asks for a key", url.text),
                "give --api-key-file FILE");
  }
  const auto model = models->status == 200 ? first_model(models->body) : std::nullopt;
  if (!model) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{} is no OpenAI-compatible server: GET /v1/models answers {}", url.text, models->status),
        "give the address before /v1, such as http://127.0.0.1:8080");
  }
  const auto props = get(url, "/props", api_key);
  const Json facts = props && props->status == 200 ? Json::parse(props->body, nullptr, false) : Json();
  return Server{*model, facts.is_object() && facts.contains("default_generation_settings")};
}

}  // namespace llt::load
