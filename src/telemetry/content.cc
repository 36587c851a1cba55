#include "telemetry/content.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/losses.h"
#include "telemetry/sanitize.h"

namespace llt::telemetry {

using nlohmann::json;

TextBudget::~TextBudget() {
  if (cut_) count_loss(Loss::content_truncated);
}

std::string TextBudget::take(std::string_view text) {
  const std::string_view kept = clip_utf8(text, left_);
  cut_ |= kept.size() < text.size();
  left_ -= kept.size();
  return std::string(kept);
}

std::string TextBudget::take_whole(std::string_view text) {
  if (text.size() <= left_) return take(text);
  cut_ = true;
  return {};
}

namespace content {

std::string text_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace content

namespace {

std::string dump(const json& list) {
  if (!list.is_array() || list.empty()) return {};
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Content structure_content(const RequestRecord& record) {
  Content out;
  if (record.captured_request.empty() && record.captured_response.empty()) return out;
  try {
    const json request = json::parse(record.captured_request, nullptr, false);
    if (request.is_object()) {
      TextBudget input, system, tools;
      out.input_messages = dump(content::input_messages(request, input));
      out.system_instructions = dump(content::system_instructions(request, system));
      out.tool_definitions = dump(content::tool_definitions(request, tools));
    }
    const bool generates = record.operation != Operation::embeddings && record.operation != Operation::rerank;
    if (!record.captured_response.empty() && generates) {
      TextBudget output;
      out.output_messages = dump(content::output_messages(record.captured_response, output));
    }
  } catch (const json::exception& error) {
    spdlog::debug("content of request {} not structured: {}", record.request_id, error.what());
  }
  return out;
}

}  // namespace llt::telemetry
