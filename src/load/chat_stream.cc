#include "load/chat_stream.h"

#include <nlohmann/json.hpp>

namespace llt::load {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestLine = 8u << 20;

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> count(const Json* object, const char* name) {
  if (object == nullptr) return std::nullopt;
  const Json* value = member(*object, name);
  if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
  return value->get<std::uint64_t>();
}

bool has_text(const Json* value) {
  return value != nullptr && value->is_string() && !value->get_ref<const std::string&>().empty();
}

// Text, reasoning or a piece of a tool call: a token was generated.
bool has_content(const Json& event) {
  const Json* choices = member(event, "choices");
  if (choices == nullptr || !choices->is_array()) return false;
  for (const Json& choice : *choices) {
    const Json* delta = member(choice, "delta");
    if (has_text(member(choice, "text"))) return true;  // of /v1/completions
    if (delta == nullptr) continue;
    if (has_text(member(*delta, "content")) || has_text(member(*delta, "reasoning_content"))) return true;
    const Json* calls = member(*delta, "tool_calls");
    if (calls != nullptr && calls->is_array() && !calls->empty()) return true;
  }
  return false;
}

}  // namespace

void ChatStream::feed(std::string_view bytes, SteadyNs now) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    too_long_ = too_long_ || pending_.size() + part.size() > kLongestLine;
    if (too_long_) {
      pending_.clear();
    } else {
      pending_ += part;
    }
    if (end == std::string_view::npos) return;
    if (!too_long_) take_line(pending_, now);
    pending_.clear();
    too_long_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void ChatStream::take_line(std::string_view line, SteadyNs now) {
  constexpr std::string_view kData = "data:";
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.starts_with(kData)) return;
  line.remove_prefix(kData.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  if (line == "[DONE]") {
    answer_.complete = true;
  } else {
    take_data(line, now);
  }
}

void ChatStream::take_data(std::string_view data, SteadyNs now) {
  const Json event = Json::parse(data, nullptr, false);
  if (!event.is_object()) return;
  if (const Json* error = member(event, "error"); error != nullptr && !error->is_null()) {
    const Json* message = member(*error, "message");
    answer_.error = has_text(message) ? message->get<std::string>() : "the server sent an error event";
  }
  if (!answer_.queue_end && member(event, "prompt_progress") != nullptr) answer_.queue_end = now;
  if (has_content(event)) answer_.content.push_back(now);
  const Json* usage = member(event, "usage");
  if (const auto tokens = count(usage, "prompt_tokens")) answer_.input_tokens = tokens;
  if (const auto tokens = count(usage, "completion_tokens")) answer_.output_tokens = tokens;
}

}  // namespace llt::load
