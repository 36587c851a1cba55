#pragma once
// The newest requests that viewers have been shown, so that each tick carries only what is new.

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>

namespace llt::views {

/// Not thread-safe.
class RecentRows {
 public:
  explicit RecentRows(std::size_t capacity) : capacity_(capacity) {}

  /// Takes a JSON array of request rows, newest first; gives the array of those not seen before. Text that
  /// is no array counts as empty.
  [[nodiscard]] std::string absorb(std::string_view rows_json);
  /// Everything held, newest first, as a JSON array.
  [[nodiscard]] std::string all() const;
  void clear();

 private:
  struct Row {
    std::string key, json;
  };
  std::size_t capacity_;
  std::deque<Row> rows_;
  std::set<std::string> keys_;
};

}  // namespace llt::views
