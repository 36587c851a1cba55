#include "views/live_series.h"

#include <utility>

namespace llt::views {

void LiveSeries::reset(UnixSecond newest) {
  points_.clear();
  revised_.clear();
  for (UnixSecond time = newest - static_cast<UnixSecond>(capacity_) + 1; time <= newest; ++time) {
    points_.push_back({.time = time});
  }
}

void LiveSeries::advance(UnixSecond newest) {
  if (points_.empty() || newest - points_.back().time > static_cast<UnixSecond>(capacity_)) {
    reset(newest);
    return;
  }
  while (points_.back().time < newest) {
    const UnixSecond time = points_.back().time + 1;
    points_.push_back({.time = time});
    revised_.insert(time);
  }
  while (points_.size() > capacity_) points_.pop_front();
}

SecondPoint* LiveSeries::edit(UnixSecond time) {
  if (points_.empty() || time < points_.front().time || time > points_.back().time) return nullptr;
  revised_.insert(time);
  return &points_[static_cast<std::size_t>(time - points_.front().time)];
}

void LiveSeries::add(const Contribution& contribution) {
  SecondPoint* point = edit(contribution.time);
  if (point == nullptr) return;
  point->requests += contribution.requests;
  point->errors += contribution.errors;
  point->queue_seconds += contribution.queue_seconds;
  point->prefill_seconds += contribution.prefill_seconds;
  point->decode_seconds += contribution.decode_seconds;
  point->prefill_tokens += contribution.prefill_tokens;
  point->decode_tokens += contribution.decode_tokens;
}

std::vector<SecondPoint> LiveSeries::take_revised() {
  std::vector<SecondPoint> revised;
  for (const UnixSecond time : std::exchange(revised_, {})) {
    if (!points_.empty() && time >= points_.front().time && time <= points_.back().time) {
      revised.push_back(points_[static_cast<std::size_t>(time - points_.front().time)]);
    }
  }
  return revised;
}

}  // namespace llt::views
