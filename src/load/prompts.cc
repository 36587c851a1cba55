#include "load/prompts.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace llt::load {
namespace {

using Json = nlohmann::json;

std::string body_of(Json request, const RequestDefaults& defaults) {
  if (!request.contains("model") && !defaults.model.empty()) request["model"] = defaults.model;
  if (!request.contains("max_tokens") && !request.contains("max_completion_tokens"))
    request["max_tokens"] = defaults.max_tokens;
  request["stream"] = true;  // without a stream there is no time of a token
  request["stream_options"] = {{"include_usage", true}};
  if (defaults.progress) request["return_progress"] = true;
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json chat(const std::string& prompt) {
  return {{"messages", Json::array({{{"role", "user"}, {"content", prompt}}})}};
}

Result<Json> request_of(const std::string& line, bool json) {
  if (!json) return chat(line);
  Json request = Json::parse(line, nullptr, false);
  if (!request.is_object()) return fail(ErrorCode::invalid_argument, "is not a JSON object");
  if (request.contains("messages")) {
    if (request["messages"].is_array()) return request;
    return fail(ErrorCode::invalid_argument, "has 'messages' that are not a list");
  }
  const auto prompt = request.find("prompt");
  if (prompt == request.end() || !prompt->is_string())
    return fail(ErrorCode::invalid_argument, "has neither 'messages' nor a text 'prompt'");
  Json chat_request = chat(prompt->get<std::string>());
  request.erase("prompt");
  chat_request.update(request);
  return chat_request;
}

}  // namespace

Result<std::vector<std::string>> bodies_of(const std::string& text, bool json_lines,
                                           const RequestDefaults& defaults) {
  std::vector<std::string> bodies;
  std::istringstream in(text);
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    auto request = request_of(line, json_lines);
    if (!request)
      return fail(ErrorCode::invalid_argument, fmt::format("line {} {}", number, request.error().message));
    bodies.push_back(body_of(std::move(*request), defaults));
  }
  if (bodies.empty()) return fail(ErrorCode::invalid_argument, "holds no prompt");
  return bodies;
}

Result<std::vector<std::string>> read_prompts(const std::filesystem::path& file,
                                              const RequestDefaults& defaults) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()) || in.bad()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} cannot be read: {}", file.string(),
                                                         std::strerror(errno == 0 ? ENODATA : errno)));
  }
  auto bodies = bodies_of(text.str(), file.extension() == ".jsonl", defaults);
  if (bodies) return bodies;
  return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", file.string(), bodies.error().message),
              "one prompt a line, or in a .jsonl file one {\"prompt\": ...} or chat request a line");
}

std::vector<std::string> default_prompts(const RequestDefaults& defaults) {
  constexpr std::array kQuestions{
      "Name three rivers.",
      "Why is the sky blue? Answer in two sentences.",
      "Explain to a new colleague what the time to the first token of a language model depends on.",
      "Write a short story about a lighthouse keeper who finds a letter in a bottle.",
      "Compare a hash table with a balanced tree: cost of looking up, of inserting, memory, order of "
      "iteration.",
  };
  constexpr std::size_t kRepeats = 12;
  std::vector<std::string> bodies;
  bodies.reserve(kQuestions.size() + 1);
  for (const char* question : kQuestions) bodies.push_back(body_of(chat(question), defaults));
  // One that is long enough to be felt by its neighbours.
  std::string text = "Summarise these notes.";
  for (std::size_t i = 1; i <= kRepeats; ++i) {
    text += fmt::format(
        " Note {}: the pump at station {} ran for {} minutes, stopped twice, and used {} litres of oil; the "
        "crew asks "
        "for a new filter before the next shift.",
        i, i * 3 % 7 + 1, 40 + i * 11, i * 2);
  }
  bodies.push_back(body_of(chat(text), defaults));
  return bodies;
}

}  // namespace llt::load
