#pragma once
// Puts things that overlap in time beside each other.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace llt::views {

/// Lanes in which slices lie one after the other, or inside their parent. Slices come in the order of their
/// starts; memory grows with how many overlap, not with how many there are.
class Lanes {
 public:
  struct Span {
    UnixNs start = 0, end = 0;
    std::string_view id, parent;  ///< empty: none
  };

  /// The lane for it: that of its parent when the parent is open there and holds all of it, otherwise the
  /// first one that is free, which may be a new one.
  [[nodiscard]] std::size_t place(const Span& span) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      close(lanes_[i], span.start);
      if (!span.parent.empty() && !lanes_[i].empty() && lanes_[i].back().id == span.parent &&
          span.end <= lanes_[i].back().end)
        return open(i, span);
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (lanes_[i].empty()) return open(i, span);
    }
    lanes_.emplace_back();
    return open(lanes_.size() - 1, span);
  }

  [[nodiscard]] std::size_t size() const noexcept { return lanes_.size(); }

 private:
  struct Open {
    UnixNs end;
    std::string id;
  };

  static void close(std::vector<Open>& lane, UnixNs now) {
    while (!lane.empty() && lane.back().end <= now) lane.pop_back();
  }

  std::size_t open(std::size_t lane, const Span& span) {
    lanes_[lane].push_back({span.end, std::string(span.id)});
    return lane;
  }

  std::vector<std::vector<Open>> lanes_;  ///< of each: what is open there, the innermost last
};

}  // namespace llt::views
