#include "gateway/trace_context.h"

namespace llt::gateway {
namespace {

// version "-" trace-id "-" parent-id "-" flags
constexpr std::size_t kLength = 2 + 1 + 32 + 1 + 16 + 1 + 2;

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) noexcept {
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const int high = detail::hex_value(text[0]);
  const int low = detail::hex_value(text[1]);
  if (high < 0 || low < 0) return std::nullopt;
  const int version = high * 16 + low;
  // Version 255 is forbidden; version 0 has exactly this length; later ones may append "-...".
  if (version == 255 || (version == 0 && text.size() != kLength)) return std::nullopt;
  if (text.size() > kLength && text[kLength] != '-') return std::nullopt;
  const auto trace_id = TraceId::from_hex(text.substr(3, 32));
  const auto parent_id = SpanId::from_hex(text.substr(36, 16));
  const int flags_high = detail::hex_value(text[53]);
  const int flags_low = detail::hex_value(text[54]);
  if (!trace_id || !parent_id || flags_high < 0 || flags_low < 0) return std::nullopt;
  return TraceParent{*trace_id, *parent_id, (flags_low & 1) != 0};
}

std::string format_traceparent(const TraceParent& parent) {
  std::string text = "00-";
  text += parent.trace_id.hex();
  text += '-';
  text += parent.parent_id.hex();
  text += parent.sampled ? "-01" : "-00";
  return text;
}

}  // namespace llt::gateway
