#include "views/trace/lanes.h"

#include <algorithm>
#include <limits>

namespace llt::views {
namespace {

/// When each lane is free again, as a tree of minima: the first free lane from a given one on is found in
/// O(log lanes), also when everything runs at once.
class FreeLanes {
 public:
  /// The first lane from `lane` on that is free at `start`; it is taken until `end`.
  std::uint32_t take(std::uint32_t lane, UnixNs start, UnixNs end) {
    if (lane >= size_) grow(lane);
    std::size_t node = find(lane, start);
    while (node == 0) {
      grow(size_);
      node = find(lane, start);
    }
    const auto found = static_cast<std::uint32_t>(node - size_);
    least_[node] = end;
    for (node /= 2; node != 0; node /= 2) least_[node] = std::min(least_[2 * node], least_[2 * node + 1]);
    return found;
  }

 private:
  static constexpr UnixNs kFree = std::numeric_limits<UnixNs>::min();

  // The leaf of the first lane from `lane` on that is free; 0 when there is none.
  [[nodiscard]] std::size_t find(std::uint32_t lane, UnixNs start) const {
    std::size_t node = size_ + lane;
    while (least_[node] > start) {
      while (node % 2 == 1) node /= 2;  // up, as long as this is a right part
      if (node == 0) return 0;
      ++node;  // the part to the right of this one
    }
    while (node < size_) node = least_[2 * node] <= start ? 2 * node : 2 * node + 1;
    return node;
  }

  void grow(std::uint32_t lane) {
    const std::size_t old = size_;
    while (size_ <= lane) size_ *= 2;
    std::vector<UnixNs> least(2 * size_, kFree);
    for (std::size_t i = 0; i < old; ++i) least[size_ + i] = least_[old + i];
    for (std::size_t i = size_ - 1; i != 0; --i) least[i] = std::min(least[2 * i], least[2 * i + 1]);
    least_ = std::move(least);
  }

  std::uint32_t size_ = 1;
  std::vector<UnixNs> least_{kFree, kFree};
};

}  // namespace

SpanLanes place_spans(const analytics::SpanTree& tree) {
  constexpr std::uint32_t kNotYet = UINT32_MAX;
  const auto& spans = tree.spans();
  SpanLanes result;
  result.lane.assign(spans.size(), kNotYet);
  FreeLanes free;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const std::uint32_t parent = spans[i].parent;
    std::uint32_t lowest = 0;
    if (parent != analytics::kNoSpan) {
      const bool early = result.lane[parent] == kNotYet;
      if (early) ++result.early_children;
      lowest = early ? 0 : result.lane[parent] + 1;
    }
    result.lane[i] = free.take(lowest, spans[i].start, spans[i].end());
    result.lanes = std::max(result.lanes, result.lane[i] + 1);
  }
  return result;
}

}  // namespace llt::views
