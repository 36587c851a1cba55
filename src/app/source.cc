#include "app/source.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "app/http_client.h"
#include "app/up_options.h"

namespace llt::app {
namespace {

// An instance that starts holds the store some moments before its console answers, and one that stops some
// moments after.
constexpr auto kHandOverPatience = std::chrono::seconds(8);
constexpr auto kHandOverPause = std::chrono::milliseconds(50);
constexpr int kAnswerGraceMs = 10'000;
constexpr int kNoLimitMs = 600'000;

Result<Endpoint> console_of(const RunInfo& instance) {
  auto url = BaseUrl::parse(instance.console);
  if (!url) return std::unexpected(url.error());
  return url->endpoint;
}

std::string_view name_of(store::Format format) {
  switch (format) {
    case store::Format::table:
      return "table";
    case store::Format::csv:
      return "csv";
    case store::Format::json:
      return "json";
    case store::Format::parquet:
      return "parquet";
    case store::Format::arrow:
      break;
  }
  return "arrow";
}

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
      return ErrorCode::invalid_argument;
    case 401:
    case 403:
      return ErrorCode::permission_denied;
    case 404:
      return ErrorCode::not_found;
    case 408:
    case 504:
      return ErrorCode::timeout;
    case 413:
    case 429:
    case 507:
      return ErrorCode::resource_exhausted;
    case 503:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::internal;
  }
}

// The console's error answers are {"error":{"message","hint"}}.
Error error_of(const HttpAnswer& answer) {
  Error error{code_of(answer.status), "", ""};
  const auto document = nlohmann::json::parse(answer.body, nullptr, false);
  if (document.is_object() && document.contains("error") && document["error"].is_object()) {
    const auto& inner = document["error"];
    if (inner.contains("message") && inner["message"].is_string()) error.message = inner["message"];
    if (inner.contains("hint") && inner["hint"].is_string()) error.hint = inner["hint"];
  }
  if (error.message.empty()) error.message = fmt::format("the running instance answered {}", answer.status);
  if (answer.status == 401) {
    error.message = "the running instance asks for an API key";
    error.hint = "give --api-key-file with one of its keys";
  }
  return error;
}

}  // namespace

Result<std::unique_ptr<Source>> Source::make(const Settings& settings) {
  auto keys = read_api_keys(settings);
  if (!keys) return std::unexpected(keys.error());
  return std::unique_ptr<Source>(new Source(data_folder(settings), keys->empty() ? "" : keys->front()));
}

Result<store::QueryInfo> Source::query(std::string_view sql, store::Format format,
                                       const store::QueryLimits& limits, const store::Sink& sink) {
  std::uint64_t bytes = 0;
  const store::Sink counting = [&](std::string_view piece) {
    bytes += piece.size();
    return sink(piece);
  };
  const auto give_up = std::chrono::steady_clock::now() + kHandOverPatience;
  while (true) {
    Error error;
    const auto instance = find_running(data_);
    if (instance) {
      folder_.reset();
      auto answer = ask_instance(*instance, sql, format, limits, counting);
      if (answer || bytes != 0 || answer.error().code != ErrorCode::unavailable) return answer;
      error = answer.error();
    } else {
      if (!folder_) {
        auto opened = store::open_read_only(data_);
        if (opened) folder_ = std::move(*opened);
        if (!opened && opened.error().code != ErrorCode::already_exists)
          return std::unexpected(opened.error());
        if (!opened) error = opened.error();
      }
      if (folder_) return folder_->query(sql, format, limits, counting);
    }
    if (std::chrono::steady_clock::now() > give_up) return std::unexpected(error);
    std::this_thread::sleep_for(kHandOverPause);
  }
}

Result<store::QueryInfo> Source::ask_instance(const RunInfo& instance, std::string_view sql,
                                              store::Format format, const store::QueryLimits& limits,
                                              const store::Sink& sink) const {
  auto console = console_of(instance);
  if (!console) return std::unexpected(console.error());
  const int timeout_ms = limits.timeout_ms == 0 ? kNoLimitMs : limits.timeout_ms;
  HttpRequest request;
  request.method = "POST";
  request.target = "/api/v1/query";
  const nlohmann::json body = {
      {"sql", sql}, {"format", name_of(format)}, {"timeout_ms", timeout_ms}, {"max_rows", limits.max_rows}};
  request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  request.api_key = api_key_;
  request.silence_timeout_ms = timeout_ms + kAnswerGraceMs;
  const auto started = std::chrono::steady_clock::now();
  store::QueryInfo info;
  auto answer = http_exchange(*console, request, [&](std::string_view piece) {
    info.bytes += piece.size();
    return sink(piece);
  });
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) return std::unexpected(error_of(*answer));
  info.elapsed_ns = std::chrono::nanoseconds(std::chrono::steady_clock::now() - started).count();
  return info;
}

Result<std::string> Source::get(const std::string& target) const {
  const auto instance = find_running(data_);
  if (!instance) {
    return fail(ErrorCode::not_found, fmt::format("nothing runs with the data folder {}", data_.string()),
                "start it with 'llamatelemetry up', or name its folder with --data");
  }
  auto console = console_of(*instance);
  if (!console) return std::unexpected(console.error());
  HttpRequest request;
  request.target = target;
  request.api_key = api_key_;
  std::string body;
  auto answer = http_exchange(*console, request, [&](std::string_view piece) {
    body += piece;
    return true;
  });
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) return std::unexpected(error_of(*answer));
  return body;
}

}  // namespace llt::app
