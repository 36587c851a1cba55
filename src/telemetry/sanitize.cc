#include "telemetry/sanitize.h"

#include <simdjson.h>

namespace llt::telemetry {
namespace {

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

/// Length of the UTF-8 character at the start of `text`; 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
  if (length == 0 || length > text.size()) return 0;
  return is_utf8(text.substr(0, length)) ? length : 0;
}

void fix(std::string& text, std::size_t limit) {
  if (!is_utf8(text)) text = repair_utf8(text);
  if (text.size() > limit) text.resize(clip_utf8(text, limit).size());
}

void fix(std::vector<std::string>& list) {
  if (list.size() > kMaxListItems) list.resize(kMaxListItems);
  for (std::string& item : list) fix(item, kMaxNameBytes);
}

}  // namespace

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) {
      out.append("\xEF\xBF\xBD");
      text.remove_prefix(1);
    } else {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return out;
}

std::string_view clip_utf8(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

void sanitize(RequestRecord& record) {
  for (std::string* name :
       {&record.request_id, &record.method, &record.route, &record.client_address, &record.error_type,
        &record.upstream, &record.server_address, &record.provider, &record.request.model,
        &record.request.output_type, &record.request.reasoning_level, &record.request.conversation_id,
        &record.request.previous_response_id, &record.request.prompt_hash, &record.response.id,
        &record.response.model}) {
    fix(*name, kMaxNameBytes);
  }
  for (std::string* text : {&record.path, &record.user_agent, &record.error_message, &record.trace_state}) {
    fix(*text, kMaxTextBytes);
  }
  fix(record.request.stop_sequences);
  fix(record.request.encoding_formats);
  fix(record.response.finish_reasons);
}

}  // namespace llt::telemetry
