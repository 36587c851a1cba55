#include <map>
#include <nlohmann/json.hpp>

#include "telemetry/content.h"

namespace llt::telemetry::content {

using nlohmann::json;

namespace {

/// What a stream said for one choice, put together.
struct Choice {
  std::string text, reasoning, finish;
  struct Call {
    std::string id, name, arguments;
  };
  std::map<std::int64_t, Call> calls;
};

using Choices = std::map<std::int64_t, Choice>;

std::int64_t index_of(const json& object) {
  const auto found = object.find("index");
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

void add_delta(const json& delta, Choice& choice) {
  choice.text += text_at(delta, "content");
  choice.reasoning += text_at(delta, "reasoning_content");
  const json calls = delta.value("tool_calls", json());
  if (!calls.is_array()) return;
  for (const json& call : calls) {
    if (!call.is_object()) continue;
    Choice::Call& known = choice.calls[index_of(call)];
    if (const std::string id = text_at(call, "id"); !id.empty()) known.id = id;
    const json function = call.value("function", json::object());
    known.name += text_at(function, "name");
    known.arguments += text_at(function, "arguments");
  }
}

/// A chunk or a whole answer of the chat or the completions API.
void add_choices(const json& list, Choices& out) {
  for (const json& item : list) {
    if (!item.is_object()) continue;
    Choice& choice = out[index_of(item)];
    for (const char* key : {"delta", "message"}) {
      if (const json delta = item.value(key, json()); delta.is_object()) add_delta(delta, choice);
    }
    choice.text += text_at(item, "text");
    if (const std::string reason = text_at(item, "finish_reason"); !reason.empty()) choice.finish = reason;
  }
}

/// Blocks of the Messages API (plain answers) and output items of the Responses API.
void add_blocks(const json& list, Choice& choice) {
  for (const json& block : list) {
    if (!block.is_object()) continue;
    const std::string type = text_at(block, "type");
    if (type == "text" || type == "output_text") choice.text += text_at(block, "text");
    if (type == "thinking") choice.reasoning += text_at(block, "thinking");
    if (type == "message" || type == "reasoning") {
      Choice inner;
      if (const json content = block.value("content", json()); content.is_array()) add_blocks(content, inner);
      (type == "message" ? choice.text : choice.reasoning) += inner.text;
    }
    if (type == "reasoning_text") choice.text += text_at(block, "text");
    if (type == "tool_use" || type == "function_call") {
      const bool responses = type == "function_call";
      Choice::Call& call = choice.calls[static_cast<std::int64_t>(choice.calls.size())];
      call.id = text_at(block, responses ? "call_id" : "id");
      call.name = text_at(block, "name");
      call.arguments = responses ? text_at(block, "arguments") : block.value("input", json::object()).dump();
    }
  }
}

/// An event of the Messages API's stream.
void add_anthropic_event(const json& event, Choice& choice) {
  const json delta = event.value("delta", json::object());
  choice.text += text_at(delta, "text");
  choice.reasoning += text_at(delta, "thinking");
  if (const std::string reason = text_at(delta, "stop_reason"); !reason.empty()) choice.finish = reason;
  const json block = event.value("content_block", json::object());
  if (text_at(block, "type") == "tool_use") {
    choice.calls[index_of(event)] = {text_at(block, "id"), text_at(block, "name"), ""};
  }
  if (const std::string piece = text_at(delta, "partial_json"); !piece.empty()) {
    choice.calls[index_of(event)].arguments += piece;
  }
}

void add_document(const json& document, Choices& out) {
  if (!document.is_object()) return;
  const std::string type = text_at(document, "type");
  if (const auto choices = document.find("choices"); choices != document.end() && choices->is_array()) {
    add_choices(*choices, out);
  } else if (type == "response.completed" || type == "response.incomplete") {
    add_document(document.value("response", json()), out);
  } else if (type.starts_with("response.")) {
    return;  // the last event of such a stream repeats everything
  } else if (type.starts_with("content_block") || type == "message_delta") {
    add_anthropic_event(document, out[0]);
  } else if (const auto output = document.find("output"); output != document.end() && output->is_array()) {
    add_blocks(*output, out[0]);
    out[0].finish = text_at(document, "status");
  } else if (const auto content = document.find("content"); content != document.end()) {
    if (content->is_array()) add_blocks(*content, out[0]);
    if (content->is_string()) out[index_of(document)].text += content->get<std::string>();
    for (const char* key : {"stop_reason", "stop_type"}) {
      const std::string reason = text_at(document, key);
      if (!reason.empty() && reason != "none")
        out[0].finish = reason == "eos" || reason == "word" ? "stop" : reason;
    }
  }
}

json to_message(const Choice& choice, TextBudget& budget) {
  json parts = json::array();
  if (!choice.reasoning.empty()) {
    parts.push_back({{"type", "reasoning"}, {"content", budget.take(choice.reasoning)}});
  }
  if (!choice.text.empty()) parts.push_back({{"type", "text"}, {"content", budget.take(choice.text)}});
  json calls = json::array();
  for (const auto& [index, call] : choice.calls) {
    calls.push_back({{"id", call.id}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  }
  append_tool_calls(calls, parts, budget);
  json message = {{"role", "assistant"}, {"parts", std::move(parts)}};
  if (!choice.finish.empty()) message["finish_reason"] = finish_reason(choice.finish);
  return message;
}

/// Calls `visit` with the data of each event of a stream.
template <class Visit>
void for_each_event(std::string_view body, Visit visit) {
  while (!body.empty()) {
    const auto end = body.find('\n');
    std::string_view line = body.substr(0, end);
    body = end == std::string_view::npos ? std::string_view{} : body.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(5);
    if (line.starts_with(' ')) line.remove_prefix(1);
    visit(line);
  }
}

}  // namespace

json output_messages(std::string_view body, TextBudget& budget) {
  Choices choices;
  const json plain = json::parse(body, nullptr, false);
  if (plain.is_array()) {
    for (const json& document : plain) add_document(document, choices);
  } else if (!plain.is_discarded()) {
    add_document(plain, choices);
  } else {
    for_each_event(body,
                   [&](std::string_view data) { add_document(json::parse(data, nullptr, false), choices); });
  }
  json messages = json::array();
  for (const auto& [index, choice] : choices) messages.push_back(to_message(choice, budget));
  return messages;
}

}  // namespace llt::telemetry::content
