#include "response_reader.h"

#include <algorithm>
#include <charconv>

namespace {

std::uint64_t parse_number(std::string_view text, int base) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

std::uint64_t number_of(std::string_view json, std::string_view key) {
  const auto at = json.find(key);
  return at == std::string_view::npos ? 0 : parse_number(json.substr(at + key.size()), 10);
}

// A delta with text: "content":"x..." that is not empty.
bool carries_text(std::string_view event) {
  const auto at = event.find("\"content\":\"");
  return at != std::string_view::npos && event.substr(at + 11, 1) != "\"";
}

}  // namespace

bool ResponseReader::feed(std::string_view bytes) {
  pending_.append(bytes);
  for (;;) {
    const State before = state_;
    const std::size_t size = pending_.size();
    if (!step()) return false;
    if (state_ == State::kDone || (state_ == before && pending_.size() == size)) return true;
  }
}

bool ResponseReader::step() {
  switch (state_) {
    case State::kHead:
      return parse_head();
    case State::kLength:
    case State::kChunkData: {
      const std::size_t take = std::min<std::size_t>(left_, pending_.size());
      body(std::string_view(pending_).substr(0, take));
      pending_.erase(0, take);
      left_ -= take;
      if (left_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kChunkEnd;
      if (state_ == State::kDone && !events_) content_events_ = 1;
      return true;
    }
    case State::kChunkSize:
    case State::kChunkEnd:
    case State::kTrailer: {
      const auto end = pending_.find("\r\n");
      if (end == std::string::npos) return pending_.size() < 4096;
      const std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 2);
      if (state_ == State::kTrailer) {
        if (line.empty()) state_ = State::kDone;
      } else if (state_ == State::kChunkEnd) {
        state_ = State::kChunkSize;
      } else {
        left_ = parse_number(line, 16);
        state_ = left_ == 0 ? State::kTrailer : State::kChunkData;
      }
      return true;
    }
    case State::kDone:
      return true;
  }
  return false;
}

bool ResponseReader::parse_head() {
  const auto end = pending_.find("\r\n\r\n");
  if (end == std::string::npos) return pending_.size() < (64U << 10U);
  std::string head = pending_.substr(0, end + 2);
  pending_.erase(0, end + 4);
  std::ranges::transform(head, head.begin(),
                         [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  if (!head.starts_with("http/1.")) return false;
  status_ = static_cast<int>(parse_number(std::string_view(head).substr(9, 3), 10));
  events_ = head.find("text/event-stream") != std::string::npos;
  if (head.find("\r\ntransfer-encoding: chunked") != std::string::npos) {
    state_ = State::kChunkSize;
    return true;
  }
  left_ = number_of(head, "\r\ncontent-length:");
  state_ = left_ == 0 ? State::kDone : State::kLength;
  return true;
}

void ResponseReader::body(std::string_view bytes) {
  body_bytes_ += bytes.size();
  line_.append(bytes);
  for (auto end = line_.find('\n'); events_ && end != std::string::npos; end = line_.find('\n')) {
    const std::string_view line = std::string_view(line_).substr(0, end);
    if (line.starts_with("data: {") && carries_text(line)) ++content_events_;
    tokens_ =
        std::max({tokens_, number_of(line, "\"completion_tokens\":"), number_of(line, "\"predicted_n\":")});
    line_.erase(0, end + 1);
  }
  if (!events_) tokens_ = std::max(tokens_, number_of(line_, "\"completion_tokens\":"));
}
