#include <array>
#include <nlohmann/json.hpp>

#include "telemetry/content.h"

namespace llt::telemetry::content {

using nlohmann::json;

namespace {

json text_part(std::string text) { return {{"type", "text"}, {"content", std::move(text)}}; }

/// "data:image/png;base64,...." becomes a blob, any other address a uri.
json media_part(const std::string& modality, const std::string& url, TextBudget& budget) {
  const auto comma = url.find(',');
  if (!url.starts_with("data:") || comma == std::string::npos) {
    return {{"type", "uri"}, {"modality", modality}, {"uri", budget.take(url)}};
  }
  const std::string mime = url.substr(5, url.find_first_of(";,") - 5);
  return {{"type", "blob"},
          {"modality", modality},
          {"mime_type", mime},
          {"content", budget.take_whole(std::string_view(url).substr(comma + 1))}};
}

json anthropic_image(const json& source, TextBudget& budget) {
  if (const std::string url = text_at(source, "url"); !url.empty()) return media_part("image", url, budget);
  return {{"type", "blob"},
          {"modality", "image"},
          {"mime_type", text_at(source, "media_type")},
          {"content", budget.take_whole(text_at(source, "data"))}};
}

/// An arguments member is JSON in a text (OpenAI) or an object (Anthropic).
json call_arguments(const json& owner, const char* key, TextBudget& budget) {
  const auto found = owner.find(key);
  if (found == owner.end()) return nullptr;
  const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
  std::string kept = budget.take(text);
  const bool whole = kept.size() == text.size();
  json parsed = whole ? json::parse(kept, nullptr, false) : json(json::value_t::discarded);
  return parsed.is_discarded() ? json(std::move(kept)) : parsed;
}

json tool_call(const std::string& id, const std::string& name, json arguments) {
  json part = {{"type", "tool_call"}, {"name", name}, {"arguments", std::move(arguments)}};
  if (!id.empty()) part["id"] = id;
  return part;
}

json tool_response(const std::string& id, const json& response, TextBudget& budget) {
  json part = {{"type", "tool_call_response"}};
  if (!id.empty()) part["id"] = id;
  part["response"] = budget.take(response.is_string() ? response.get<std::string>() : response.dump());
  return part;
}

json block_to_part(const json& block, TextBudget& budget) {
  const std::string type = text_at(block, "type");
  if (type == "text" || type == "input_text" || type == "output_text" || type == "refusal") {
    return text_part(budget.take(text_at(block, type == "refusal" ? "refusal" : "text")));
  }
  if (type == "thinking" || type == "reasoning") {
    return {{"type", "reasoning"},
            {"content", budget.take(text_at(block, type == "thinking" ? "thinking" : "text"))}};
  }
  if (type == "image_url" || type == "input_image") {
    const auto image = block.find("image_url");
    const std::string url = image == block.end() ? ""
                            : image->is_string() ? image->get<std::string>()
                                                 : text_at(*image, "url");
    return media_part("image", url, budget);
  }
  if (type == "image") return anthropic_image(block.value("source", json()), budget);
  if (type == "input_audio") {
    const json audio = block.value("input_audio", json());
    return {{"type", "blob"},
            {"modality", "audio"},
            {"mime_type", "audio/" + text_at(audio, "format")},
            {"content", budget.take_whole(text_at(audio, "data"))}};
  }
  if (type == "tool_use")
    return tool_call(text_at(block, "id"), text_at(block, "name"), call_arguments(block, "input", budget));
  if (type == "tool_result") {
    return tool_response(text_at(block, "tool_use_id"), block.value("content", json("")), budget);
  }
  return nullptr;
}

json chat_message(const json& message, TextBudget& budget) {
  std::string role = text_at(message, "role");
  json parts = json::array();
  if (role == "tool") {
    parts.push_back(
        tool_response(text_at(message, "tool_call_id"), message.value("content", json("")), budget));
  } else {
    if (const std::string thought = text_at(message, "reasoning_content"); !thought.empty()) {
      parts.push_back({{"type", "reasoning"}, {"content", budget.take(thought)}});
    }
    append_parts(message.value("content", json()), parts, budget);
    append_tool_calls(message.value("tool_calls", json()), parts, budget);
  }
  return {{"role", role.empty() ? "user" : role}, {"parts", std::move(parts)}};
}

/// An item of the Responses API's `input`.
json response_item(const json& item, TextBudget& budget) {
  const std::string type = text_at(item, "type");
  if (type == "function_call") {
    return {{"role", "assistant"},
            {"parts", json::array({tool_call(text_at(item, "call_id"), text_at(item, "name"),
                                             call_arguments(item, "arguments", budget))})}};
  }
  if (type == "function_call_output") {
    return {{"role", "tool"},
            {"parts",
             json::array({tool_response(text_at(item, "call_id"), item.value("output", json("")), budget)})}};
  }
  return chat_message(item, budget);
}

void append_user_texts(const json& value, json& messages, TextBudget& budget) {
  const auto add = [&](const json& text) {
    if (!text.is_string()) return;
    messages.push_back(
        {{"role", "user"}, {"parts", json::array({text_part(budget.take(text.get<std::string>()))})}});
  };
  if (value.is_array()) {
    for (const json& text : value) add(text);
  } else {
    add(value);
  }
}

}  // namespace

void append_parts(const json& content, json& parts, TextBudget& budget) {
  if (content.is_string()) {
    parts.push_back(text_part(budget.take(content.get<std::string>())));
  } else if (content.is_array()) {
    for (const json& block : content) {
      if (json part = block_to_part(block, budget); !part.is_null()) parts.push_back(std::move(part));
    }
  }
}

void append_tool_calls(const json& calls, json& parts, TextBudget& budget) {
  if (!calls.is_array()) return;
  for (const json& call : calls) {
    const json function = call.is_object() ? call.value("function", json::object()) : json::object();
    if (!function.is_object()) continue;
    parts.push_back(tool_call(text_at(call, "id"), text_at(function, "name"),
                              call_arguments(function, "arguments", budget)));
  }
}

json input_messages(const json& request, TextBudget& budget) {
  json messages = json::array();
  if (const auto chat = request.find("messages"); chat != request.end() && chat->is_array()) {
    for (const json& message : *chat) {
      if (message.is_object()) messages.push_back(chat_message(message, budget));
    }
  } else if (const auto input = request.find("input"); input != request.end()) {
    const bool items = input->is_array() && !input->empty() && input->front().is_object();
    if (items) {
      for (const json& item : *input) {
        if (item.is_object()) messages.push_back(response_item(item, budget));
      }
    } else {
      append_user_texts(*input, messages, budget);
    }
  } else {
    for (const char* key : {"prompt", "query", "input_prefix", "input_suffix"}) {
      append_user_texts(request.value(key, json()), messages, budget);
    }
  }
  return messages;
}

json system_instructions(const json& request, TextBudget& budget) {
  json parts = json::array();
  for (const char* key : {"system", "instructions"}) append_parts(request.value(key, json()), parts, budget);
  return parts;
}

json tool_definitions(const json& request, TextBudget& budget) {
  json definitions = json::array();
  const json tools = request.value("tools", json());
  if (!tools.is_array()) return definitions;
  for (const json& tool : tools) {
    if (!tool.is_object()) continue;
    const json function = tool.value("function", tool);
    json definition = {{"type", "function"}, {"name", text_at(function, "name")}};
    if (const std::string text = text_at(function, "description"); !text.empty()) {
      definition["description"] = budget.take(text);
    }
    for (const char* key : {"parameters", "input_schema"}) {
      if (!function.is_object() || !function.contains(key)) continue;
      const std::string kept = budget.take_whole(function[key].dump());
      if (!kept.empty()) definition["parameters"] = function[key];
    }
    definitions.push_back(std::move(definition));
  }
  return definitions;
}

std::string finish_reason(std::string_view reason) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kWords{
      {{"tool_calls", "tool_call"},
       {"tool_use", "tool_call"},
       {"function_call", "tool_call"},
       {"end_turn", "stop"},
       {"stop_sequence", "stop"},
       {"completed", "stop"},
       {"max_tokens", "length"},
       {"limit", "length"}}};
  for (const auto& [theirs, ours] : kWords) {
    if (reason == theirs) return std::string(ours);
  }
  return std::string(reason);
}

}  // namespace llt::telemetry::content
