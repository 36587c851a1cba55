// Captured bodies as structured messages: whatever the bytes, the result is empty or valid JSON.

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "telemetry/content.h"
#include "telemetry/sanitize.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using llt::telemetry::Operation;
  const std::string body(reinterpret_cast<const char*>(data), size);
  llt::telemetry::RequestRecord record;
  record.operation = Operation::chat;
  record.captured_request = record.captured_response = body;
  const llt::telemetry::Content content = llt::telemetry::structure_content(record);
  for (const std::string& text : {content.input_messages, content.output_messages,
                                  content.system_instructions, content.tool_definitions}) {
    LLT_CHECK(text.empty() || nlohmann::json::accept(text));
    LLT_CHECK(text.size() <= 16 * llt::telemetry::kMaxContentBytes + 64 * size);
  }
  record.path = record.user_agent = record.request.model = body;
  llt::telemetry::sanitize(record);
  for (const std::string& text : {record.path, record.user_agent, record.request.model}) {
    LLT_CHECK(llt::telemetry::repair_utf8(text) == text);
    LLT_CHECK(text.size() <= llt::telemetry::kMaxTextBytes);
  }
  return 0;
}
