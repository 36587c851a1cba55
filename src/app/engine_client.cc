#include "app/engine_client.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/http_client.h"
#include "app/run_file.h"
#include "app/up_options.h"

namespace llt::app {
namespace {

constexpr int kAttempts = 6;
constexpr auto kFirstPause = std::chrono::milliseconds(250);  // twice as long after each attempt
constexpr int kPatienceMs = 600'000;                          // a slow engine with a long prompt
constexpr std::size_t kLongestAnswer = 256ULL * 1024 * 1024;

Result<BaseUrl> server_of(const Settings& settings, const std::string& url) {
  if (!url.empty()) return BaseUrl::parse(url);
  const auto data = data_folder(settings);
  const auto instance = find_running(data);
  if (!instance) {
    return fail(ErrorCode::not_found, fmt::format("nothing runs with the data folder {}", data.string()),
                "start it with 'llamatelemetry up', or name a server with --url");
  }
  return BaseUrl::parse(instance->gateway);
}

// {"error":{"message"}} as most servers say it, or {"error":"..."}.
std::string said_in(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("error")) return {};
  const auto& error = json["error"];
  if (error.is_string()) return error.get<std::string>();
  if (error.is_object() && error.contains("message") && error["message"].is_string())
    return error["message"].get<std::string>();
  return {};
}

bool may_pass(int status) { return status == 429 || status == 503; }

Error error_of(const HttpAnswer& answer, const std::string& path) {
  const std::string said = said_in(answer.body);
  Error error{may_pass(answer.status) ? ErrorCode::unavailable : ErrorCode::invalid_argument,
              fmt::format("the server answered {} with status {}{}{}", path, answer.status,
                          said.empty() ? "" : ": ", said),
              ""};
  if (answer.status == 401 || answer.status == 403)
    error.hint = "give --api-key-file with a key that it takes";
  return error;
}

}  // namespace

Result<EngineClient> EngineClient::make(const Settings& settings, const std::string& url) {
  auto server = server_of(settings, url);
  if (!server) return std::unexpected(server.error());
  auto keys = read_api_keys(settings);
  if (!keys) return std::unexpected(keys.error());
  EngineClient client(std::move(*server), keys->empty() ? "" : keys->front());
  const auto models = client.exchange("GET", "/v1/models", "");
  if (!models) return std::unexpected(models.error());
  const auto& list = models->value("data", nlohmann::json::array());
  if (!list.is_array() || list.empty() || !list.front().is_object() || !list.front().contains("id") ||
      !list.front()["id"].is_string())
    return fail(ErrorCode::data_loss, "the server does not say which model it has",
                "is it an OpenAI-compatible server?");
  client.model_ = list.front()["id"].get<std::string>();
  return client;
}

Result<nlohmann::json> EngineClient::post(const std::string& path, const nlohmann::json& body) const {
  return exchange("POST", path, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Result<nlohmann::json> EngineClient::exchange(const char* method, const std::string& path,
                                              const std::string& body) const {
  HttpRequest request;
  request.method = method;
  request.target = server_.prefix + path;
  request.body = body;
  request.api_key = api_key_;
  request.silence_timeout_ms = kPatienceMs;
  request.peer = "the server";
  for (int attempt = 1;; ++attempt) {
    std::string text;
    const auto answer = http_exchange(server_.endpoint, request, [&](std::string_view piece) {
      text += piece;
      return text.size() <= kLongestAnswer;
    });
    if (!answer) return std::unexpected(answer.error());
    if (answer->status == 200) {
      auto json = nlohmann::json::parse(text, nullptr, false);
      if (json.is_object()) return json;
      return fail(ErrorCode::data_loss, fmt::format("the server's answer to {} is no JSON object", path));
    }
    if (!may_pass(answer->status) || attempt == kAttempts) return std::unexpected(error_of(*answer, path));
    std::this_thread::sleep_for(kFirstPause * (1 << (attempt - 1)));
  }
}

}  // namespace llt::app
