#include "engine/output_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/log.h"
#include "base/thread_name.h"

namespace llt::engine {
namespace {

constexpr std::int64_t kFinishNs = 200'000'000;

// Warnings that are about addresses and keys of llama-server itself; ours is reached by nobody but us.
bool about_being_public(std::string_view text) {
  return text.find("no API key is set") != std::string_view::npos;
}

// An engine warns of the same thing with every request; all of it is there at level debug.
bool warn(const LogLine& line, RepeatFilter& warned) {
  if (about_being_public(line.text)) return false;
  const auto held_back = warned.admit(line.text, now_steady());
  if (!held_back) return false;
  const std::string more = *held_back == 0 ? "" : fmt::format(" (and {} like it before)", *held_back);
  spdlog::warn("llama-server: {}{}", line.text, more);
  return true;
}

void pass_on(const LogLine& line, RepeatFilter& warned) {
  switch (line.level) {
    case LogLevel::warning:
      if (warn(line, warned)) return;
      break;
    case LogLevel::error:
      spdlog::error("llama-server: {}", line.text);
      return;
    case LogLevel::debug:
    case LogLevel::info:
      break;
  }
  spdlog::debug("llama-server: {}", line.text);
}

}  // namespace

OutputReader::OutputReader(int fd) : fd_(fd) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
    stop_read_ = UniqueFd(ends[0]);
    stop_write_ = UniqueFd(ends[1]);
  }
  thread_ = std::thread([this] { run(); });
}

OutputReader::~OutputReader() { finish(); }

void OutputReader::finish() {
  stop_write_.reset();  // the reading end hangs up, which wakes the thread
  if (thread_.joinable()) thread_.join();
}

void OutputReader::run() {
  name_this_thread("engine-log");
  std::array<char, 16 * 1024> buffer{};
  SteadyNs give_up_at = 0;
  while (true) {
    std::array<pollfd, 2> fds{pollfd{fd_, POLLIN, 0},
                              pollfd{give_up_at == 0 ? stop_read_.get() : -1, POLLIN, 0}};
    const int ready = ::poll(fds.data(), fds.size(), give_up_at == 0 ? -1 : 20);
    if (ready < 0 && errno != EINTR) break;
    if (fds[1].revents != 0) give_up_at = now_steady() + kFinishNs;
    const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
    if (got > 0) {
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      splitter_.feed(bytes, [this](std::string_view line) { take(line); });
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      break;
    }
    if (give_up_at != 0 && now_steady() >= give_up_at) break;
  }
  if (const auto rest = splitter_.take_rest(); !rest.empty()) take(rest);
}

void OutputReader::take(std::string_view raw) {
  LogLine line = parse_log_line(raw);
  if (line.text.empty()) return;
  pass_on(line, warned_);
  const std::scoped_lock lock(mutex_);
  read_log_facts(line.text, facts_);
  last_output_ = now_steady();
  lines_.push_back(std::move(line));
  if (lines_.size() > kKeptLines) lines_.pop_front();
}

LogFacts OutputReader::facts() const {
  const std::scoped_lock lock(mutex_);
  return facts_;
}

std::vector<LogLine> OutputReader::lines() const {
  const std::scoped_lock lock(mutex_);
  return {lines_.begin(), lines_.end()};
}

SteadyNs OutputReader::last_output() const {
  const std::scoped_lock lock(mutex_);
  return last_output_;
}

std::vector<std::string> last_words(const std::vector<LogLine>& lines, std::size_t limit) {
  // Errors and warnings first; if there are none (a crash says nothing), simply the last lines.
  std::vector<std::string> words;
  for (const auto& line : lines) {
    if (line.level != LogLevel::error && !(line.level == LogLevel::warning && !about_being_public(line.text)))
      continue;
    if (words.empty() || words.back() != line.text) words.push_back(line.text);
  }
  const bool no_error =
      std::none_of(lines.begin(), lines.end(), [](const LogLine& l) { return l.level == LogLevel::error; });
  if (no_error) {
    words.clear();
    for (const auto& line : lines) words.push_back(line.text);
  }
  if (words.size() > limit) words.erase(words.begin(), words.end() - static_cast<std::ptrdiff_t>(limit));
  return words;
}

}  // namespace llt::engine
