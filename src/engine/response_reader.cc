#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "engine/http_probe.h"

namespace llt::engine {
namespace {

constexpr std::size_t kMaxHeadBytes = 64 * 1024;
constexpr std::size_t kMaxChunkLine = 256;

template <int kBase>
std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, kBase);
  return ec == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                : std::nullopt;
}

}  // namespace

ResponseReader::Progress ResponseReader::feed(std::string_view bytes) {
  pending_ += bytes;
  if (!head_done_) {
    if (const auto progress = parse_head(); progress != Progress::done) return progress;
  }
  return read_body();
}

ResponseReader::Progress ResponseReader::end() {
  if (!head_done_ || chunked_ || length_) return Progress::bad;
  return Progress::done;
}

// done: the head is complete and understood.
ResponseReader::Progress ResponseReader::parse_head() {
  const auto end = pending_.find("\r\n\r\n");
  if (end == std::string::npos) return pending_.size() > kMaxHeadBytes ? Progress::bad : Progress::more;
  std::string_view head(pending_.data(), end);
  auto line_end = std::min(head.find("\r\n"), head.size());
  const std::string_view status_line = head.substr(0, line_end);
  if (!status_line.starts_with("HTTP/1.") || status_line.size() < 12 || status_line[8] != ' ')
    return Progress::bad;
  const auto status = parse_size<10>(status_line.substr(9, 3));
  if (!status || *status < 100 || *status > 599) return Progress::bad;
  status_ = static_cast<int>(*status);
  while (line_end < head.size()) {
    head.remove_prefix(line_end + 2);
    line_end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, line_end);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return Progress::bad;
    const std::string name = lower(line.substr(0, colon));
    const auto value = trimmed(line.substr(colon + 1));
    if (name == "transfer-encoding") chunked_ = lower(value) == "chunked";
    if (name == "content-length") {
      length_ = parse_size<10>(value);
      if (!length_ || *length_ > max_body_) return Progress::bad;
    }
  }
  pending_.erase(0, end + 4);
  head_done_ = true;
  return Progress::done;
}

ResponseReader::Progress ResponseReader::read_body() {
  if (chunked_) return read_chunks();
  body_ += pending_;
  pending_.clear();
  if (body_.size() > max_body_) return Progress::bad;
  if (!length_) return Progress::more;
  if (body_.size() < *length_) return Progress::more;
  body_.resize(*length_);
  return Progress::done;
}

ResponseReader::Progress ResponseReader::read_chunks() {
  while (true) {
    const auto line_end = pending_.find("\r\n");
    if (line_end == std::string::npos)
      return pending_.size() > kMaxChunkLine ? Progress::bad : Progress::more;
    const std::string_view line(pending_.data(), line_end);
    const auto size = parse_size<16>(trimmed(line.substr(0, line.find(';'))));
    if (!size || *size > max_body_ - std::min(max_body_, body_.size())) return Progress::bad;
    if (*size == 0) return Progress::done;  // trailers, if any, are of no interest
    if (pending_.size() < line_end + 2 + *size + 2) return Progress::more;
    body_.append(pending_, line_end + 2, *size);
    pending_.erase(0, line_end + 2 + *size + 2);
  }
}

}  // namespace llt::engine
