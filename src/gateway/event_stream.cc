#include "gateway/event_stream.h"

#include <simdjson.h>

#include <algorithm>

#include "base/losses.h"

namespace llt::gateway {
namespace {

constexpr std::size_t kIncomplete = std::string_view::npos;

// Room after the last byte, which simdjson may read but does not use.
void reserve_padding(std::string& text, std::size_t more) {
  const std::size_t needed = text.size() + more + simdjson::SIMDJSON_PADDING;
  if (text.capacity() < needed) text.reserve(std::max(needed, text.capacity() * 2));
}

}  // namespace

// The end of the event that starts at 0: just past its blank line.
std::size_t EventStream::event_end(std::size_t from) const noexcept {
  const std::string_view text = pending_;
  if (text.starts_with('\n')) return 1;
  if (text.starts_with("\r\n")) return 2;
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '\n') return at + 2;
    if (at + 2 < text.size() && text[at + 1] == '\r' && text[at + 2] == '\n') return at + 3;
  }
  return kIncomplete;
}

EventStream::Seen EventStream::feed(std::string_view bytes, std::string& out) {
  Seen seen;
  if (!holds()) out.append(bytes);
  reserve_padding(pending_, bytes.size());
  pending_.append(bytes);
  for (;;) {
    const std::size_t end = event_end(scanned_);
    if (end == kIncomplete) break;
    take_event(end, out, seen);
    pending_.erase(0, end);
    scanned_ = 0;
  }
  // A blank line may straddle two reads: look at the last two bytes again.
  scanned_ = pending_.size() > 2 ? pending_.size() - 2 : 0;
  if (pending_.size() > max_held_) give_up_on_event(out);
  return seen;
}

void EventStream::take_event(std::size_t size, std::string& out, Seen& seen) {
  const std::string_view event = std::string_view(pending_).substr(0, size);
  if (oversized_) {
    oversized_ = false;
    if (holds()) out.append(event);
    return;
  }
  const std::string_view data = data_of(event);
  EventContent content;
  if (data.starts_with('{')) content = answer_.read(data);
  if (data.starts_with('{') && !content.parsed) count_loss(Loss::response_json_invalid);
  seen.progress |= content.has_progress;
  seen.error |= content.has_error;
  seen.content_events += content.has_content ? 1 : 0;
  if (!holds()) return;
  const bool ours = (injected_.progress && content.has_progress && !content.has_content) ||
                    (injected_.usage && content.choices_empty && content.has_usage);
  if (ours) return;
  if (injected_.usage && content.usage_is_null && data.data() >= event.data() &&
      data.data() < event.data() + event.size()) {
    const auto at = static_cast<std::size_t>(data.data() - event.data()) + content.usage_null_at;
    out.append(event.substr(0, at));
    out.append(event.substr(at + content.usage_null_size));
    return;
  }
  if (injected_.slot && content.verbose_size > 0 && data.data() >= event.data() &&
      data.data() < event.data() + event.size()) {
    const auto at = static_cast<std::size_t>(data.data() - event.data()) + content.verbose_at;
    out.append(event.substr(0, at));
    out.append(event.substr(at + content.verbose_size));
    return;
  }
  out.append(event);
}

// The event's data: a view into pending_ for the usual single line, otherwise joined_.
std::string_view EventStream::data_of(std::string_view event) {
  std::string_view only;
  int lines = 0;
  while (!event.empty()) {
    const std::size_t newline = event.find('\n');
    std::string_view line = event.substr(0, newline);
    event.remove_prefix(newline == std::string_view::npos ? event.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(5);
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (++lines == 1) {
      only = line;
      continue;
    }
    if (lines == 2) joined_.assign(only);
    joined_.append("\n").append(line);
  }
  if (lines < 2) return only;
  reserve_padding(joined_, 0);
  return joined_;
}

void EventStream::give_up_on_event(std::string& out) {
  if (!oversized_) count_loss(Loss::sse_event_too_long);
  oversized_ = true;
  // Keep two bytes back: they may be the start of the blank line.
  const std::size_t passed = pending_.size() - 2;
  if (holds()) out.append(pending_, 0, passed);
  pending_.erase(0, passed);
  scanned_ = 0;
}

EventStream::Seen EventStream::finish(std::string& out) {
  Seen seen;
  if (pending_.empty()) return seen;
  const std::size_t size = pending_.size();
  take_event(size, out, seen);
  pending_.clear();
  scanned_ = 0;
  return seen;
}

EventStream::Break EventStream::abandon() {
  const bool in_event = !pending_.empty();
  const bool held = holds() && !oversized_;
  pending_.clear();
  scanned_ = 0;
  return {.in_event = in_event, .client_in_event = in_event && !held};
}

}  // namespace llt::gateway
