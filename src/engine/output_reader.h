#pragma once
// Drains what the engine prints, always: a full pipe would stop it. Keeps the last lines for error messages,
// takes facts out of them, and passes them on to our log.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "engine/engine_log.h"
#include "engine/repeat_filter.h"
#include "engine/unique_fd.h"

namespace llt::engine {

/// Cuts a byte stream into lines; overlong ones are cut off, so memory stays bounded.
class LineSplitter {
 public:
  static constexpr std::size_t kMaxLine = 4096;

  /// Calls `line(std::string_view)` for each complete line in what was fed so far.
  template <class Function>
  void feed(std::string_view bytes, Function&& line) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      append(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      line(std::string_view(pending_));
      pending_.clear();
      bytes.remove_prefix(end + 1);
    }
  }
  /// The unfinished last line, if any.
  [[nodiscard]] std::string take_rest() { return std::exchange(pending_, {}); }

 private:
  void append(std::string_view bytes) {
    pending_ += bytes.substr(0, kMaxLine - std::min(kMaxLine, pending_.size()));
  }
  std::string pending_;
};

/// One per process. Thread-safe.
class OutputReader {
 public:
  static constexpr std::size_t kKeptLines = 200;

  /// Reads `fd` on a thread of its own until its end. Does not own it.
  explicit OutputReader(int fd);
  ~OutputReader();
  OutputReader(const OutputReader&) = delete;
  OutputReader& operator=(const OutputReader&) = delete;

  /// Call when the process has ended: reads what is left for at most 200 ms (somebody else may hold the
  /// pipe).
  void finish();

  [[nodiscard]] LogFacts facts() const;
  [[nodiscard]] std::vector<LogLine> lines() const;  ///< the last kKeptLines, oldest first
  [[nodiscard]] SteadyNs last_output() const;

 private:
  void run();
  void take(std::string_view line);

  int fd_;
  UniqueFd stop_read_, stop_write_;
  mutable std::mutex mutex_;
  std::deque<LogLine> lines_;
  LogFacts facts_;
  SteadyNs last_output_ = now_steady();
  LineSplitter splitter_;
  RepeatFilter warned_;  ///< of the reading thread
  std::thread thread_;
};

/// For people: the lines that say most about an end, oldest first, at most `limit`.
[[nodiscard]] std::vector<std::string> last_words(const std::vector<LogLine>& lines, std::size_t limit);

}  // namespace llt::engine
