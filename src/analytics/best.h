#pragma once
// The nearest of those that were offered.

#include <algorithm>
#include <cmath>
#include <vector>

#include "analytics/nearest.h"

namespace llt::analytics {

/// A heap with the worst on top.
class Best {
 public:
  explicit Best(std::size_t room) : room_(room) { kept_.reserve(room + 1); }

  void offer(const Neighbour& one) {
    if (full() && !nearer(one, kept_.front())) return;
    kept_.push_back(one);
    std::ranges::push_heap(kept_, nearer);
    if (kept_.size() <= room_) return;
    std::ranges::pop_heap(kept_, nearer);
    kept_.pop_back();
  }
  [[nodiscard]] bool full() const { return kept_.size() == room_; }
  /// What a similarity must reach to be kept.
  [[nodiscard]] double floor() const { return full() ? kept_.front().similarity : -INFINITY; }
  /// All that are kept, the nearest first. Nothing can be offered afterwards.
  [[nodiscard]] const std::vector<Neighbour>& sorted() {
    std::ranges::sort(kept_, nearer);
    return kept_;
  }

 private:
  std::size_t room_;
  std::vector<Neighbour> kept_;
};

}  // namespace llt::analytics
