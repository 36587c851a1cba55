#pragma once
// Captured bodies in the structured form of the GenAI conventions: messages of parts, as JSON text.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "telemetry/request_record.h"

namespace llt::telemetry {

/// JSON texts; empty when there is nothing to say.
struct Content {
  std::string input_messages, output_messages, system_instructions, tool_definitions;
};

/// Texts in one attribute, in bytes. What goes beyond is cut text by text, so the JSON stays valid.
inline constexpr std::size_t kMaxContentBytes = 128 * 1024;

/// From captured_request and captured_response; a stream's chunks are put together. Never fails: what is not
/// understood is left out. Cut texts are counted in Loss::content_truncated.
[[nodiscard]] Content structure_content(const RequestRecord& record);

/// How much text one attribute may still take.
class TextBudget {
 public:
  explicit TextBudget(std::size_t bytes = kMaxContentBytes) : left_(bytes) {}
  ~TextBudget();
  TextBudget(const TextBudget&) = delete;
  TextBudget& operator=(const TextBudget&) = delete;

  /// As much of `text` as there is room for, as valid UTF-8.
  [[nodiscard]] std::string take(std::string_view text);
  /// For what is useless in part, such as an image: all or nothing.
  [[nodiscard]] std::string take_whole(std::string_view text);

 private:
  std::size_t left_;
  bool cut_ = false;
};

namespace content {

// content_input.cc: each gives an array, empty when there is nothing.
[[nodiscard]] nlohmann::json input_messages(const nlohmann::json& request, TextBudget& budget);
[[nodiscard]] nlohmann::json system_instructions(const nlohmann::json& request, TextBudget& budget);
[[nodiscard]] nlohmann::json tool_definitions(const nlohmann::json& request, TextBudget& budget);
/// Parts of a message's `content`, a text or a list of blocks of any of the three APIs.
void append_parts(const nlohmann::json& content, nlohmann::json& parts, TextBudget& budget);
/// A `tool_calls` list of the chat API.
void append_tool_calls(const nlohmann::json& calls, nlohmann::json& parts, TextBudget& budget);
/// The finish reasons of the engines in the words of the conventions.
[[nodiscard]] std::string finish_reason(std::string_view reason);

// content_output.cc
[[nodiscard]] nlohmann::json output_messages(std::string_view body, TextBudget& budget);

/// The string member `key`, or "".
[[nodiscard]] std::string text_at(const nlohmann::json& object, const char* key);

}  // namespace content
}  // namespace llt::telemetry
