#include "views/trace/timeline.h"

#include <algorithm>
#include <tuple>

namespace llt::views {
namespace {

constexpr std::size_t kFan = 16;

std::int64_t length(const TimelineRow& row) { return row.end - row.start; }

// The first row from `begin` on, before `end`, that starts at or after `at`: by doubling steps, since it is
// near.
std::size_t first_from(const std::vector<TimelineRow>& rows, std::size_t begin, std::size_t end,
                       std::int64_t at) {
  std::size_t step = 1, low = begin;
  while (low + step < end && rows[low + step].start < at) {
    low += step;
    step *= 2;
  }
  const auto from = rows.begin() + static_cast<std::ptrdiff_t>(low);
  const auto to = rows.begin() + static_cast<std::ptrdiff_t>(std::min(low + step, end));
  return static_cast<std::size_t>(
      std::lower_bound(from, to, at, [](const TimelineRow& row, std::int64_t t) { return row.start < t; }) -
      rows.begin());
}

// Of each lane its first row, once they are in order; one entry more than there are lanes.
std::vector<std::uint32_t> lane_begins(const std::vector<TimelineRow>& rows) {
  const std::size_t lanes = rows.empty() ? 0 : std::ranges::max(rows, {}, &TimelineRow::lane).lane + 1U;
  std::vector<std::uint32_t> begin(lanes + 1, 0);
  for (const TimelineRow& row : rows) ++begin[row.lane + 1];
  for (std::size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  return begin;
}

bool stands_before(const TimelineRow& a, const TimelineRow& b) {
  return std::tie(a.lane, a.start, a.end, a.origin) < std::tie(b.lane, b.start, b.end, b.origin);
}

// The rows lane by lane. A lane's own mostly come in order of start, so there is little to sort.
std::vector<TimelineRow> in_lanes(const std::vector<TimelineRow>& rows,
                                  const std::vector<std::uint32_t>& begin) {
  std::vector<TimelineRow> ordered(rows.size());
  std::vector<std::uint32_t> next = begin;
  for (const TimelineRow& row : rows) ordered[next[row.lane]++] = row;
  for (std::size_t lane = 0; lane + 1 < begin.size(); ++lane) {
    const auto from = ordered.begin() + begin[lane], to = ordered.begin() + begin[lane + 1];
    if (!std::is_sorted(from, to, stands_before)) std::sort(from, to, stands_before);
  }
  return ordered;
}

}  // namespace

Timeline::Timeline(std::vector<TimelineRow> rows) : rows_(std::move(rows)), lane_begin_(lane_begins(rows_)) {
  if (!std::ranges::is_sorted(rows_, stands_before)) rows_ = in_lanes(rows_, lane_begin_);
  busy_.resize(rows_.size() + 1);
  failed_.resize(rows_.size() + 1);
  critical_.resize(rows_.size() + 1);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    TimelineRow& row = rows_[i];
    if (i + 1 < rows_.size() && rows_[i + 1].lane == row.lane)
      row.end = std::min(row.end, rows_[i + 1].start);
    row.end = std::max(row.end, row.start);
    busy_[i + 1] = busy_[i] + length(row);
    failed_[i + 1] = failed_[i] + ((row.marks & kFailed) != 0 ? 1U : 0U);
    critical_[i + 1] = critical_[i] + ((row.marks & kCritical) != 0 ? 1U : 0U);
  }
  build_levels();
}

void Timeline::build_levels() {
  const auto longer = [this](std::uint32_t a, std::uint32_t b) {
    return length(rows_[b]) > length(rows_[a]) ? b : a;
  };
  std::size_t below = rows_.size();
  while (below > kFan) {
    std::vector<std::uint32_t> level((below + kFan - 1) / kFan);
    for (std::size_t i = 0; i < below; ++i) {
      const std::uint32_t row = levels_.empty() ? static_cast<std::uint32_t>(i) : levels_.back()[i];
      level[i / kFan] = i % kFan == 0 ? row : longer(level[i / kFan], row);
    }
    below = level.size();
    levels_.push_back(std::move(level));
  }
}

std::uint32_t Timeline::longest(std::size_t begin, std::size_t end) const {
  auto best = static_cast<std::uint32_t>(begin);
  const auto look = [&](std::uint32_t row) {
    if (length(rows_[row]) > length(rows_[best])) best = row;
  };
  const auto entry = [&](std::size_t level, std::size_t i) {
    return level == 0 ? static_cast<std::uint32_t>(i) : levels_[level - 1][i];
  };
  for (std::size_t level = 0; begin < end; ++level) {
    const bool top = level == levels_.size();
    while (begin < end && (top || begin % kFan != 0)) look(entry(level, begin++));
    while (begin < end && end % kFan != 0) look(entry(level, --end));
    begin /= kFan;
    end /= kFan;
  }
  return best;
}

Block Timeline::merged(std::size_t begin, std::size_t end) const {
  Block block;
  block.row = longest(begin, end);
  block.rows = static_cast<std::uint32_t>(end - begin);
  block.start = rows_[begin].start;
  block.end = rows_[end - 1].end;
  block.busy_ns = busy_[end] - busy_[begin];
  if (failed_[end] != failed_[begin]) block.marks |= kFailed;
  if (critical_[end] != critical_[begin]) block.marks |= kCritical;
  return block;
}

void Timeline::show_lane(std::uint32_t lane, std::int64_t from, std::int64_t to, std::int64_t pixel_ns,
                         std::vector<Block>& out) const {
  const std::size_t end = lane_begin_[lane + 1];
  // Rows of a lane do not overlap, so the first whose end is in the window is found by its end.
  const auto begin = rows_.begin() + lane_begin_[lane];
  auto at = static_cast<std::size_t>(
      std::lower_bound(begin, rows_.begin() + static_cast<std::ptrdiff_t>(end), from,
                       [](const TimelineRow& row, std::int64_t t) { return row.end < t; }) -
      rows_.begin());
  while (at < end && rows_[at].start < to && out.size() <= kMostBlocks) {
    std::size_t next = at + 1;
    if (length(rows_[at]) < pixel_ns) {
      const std::int64_t pixel_end = (rows_[at].start / pixel_ns + 1) * pixel_ns;
      next = first_from(rows_, at, end, pixel_end);
      // Only the last of them can be wide: the others end before it starts.
      if (next > at + 1 && length(rows_[next - 1]) >= pixel_ns) --next;
    }
    out.push_back(merged(at, next));
    at = next;
  }
}

Blocks Timeline::show(const Window& window) const {
  Blocks result;
  const std::int64_t span = std::max<std::int64_t>(window.to - window.from, 1);
  result.pixel_ns = std::max<std::int64_t>(span / std::max(window.pixels, 1U), 1);
  const auto last = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{window.first_lane} + window.lanes, lanes()));
  while (true) {
    result.blocks.clear();
    for (std::uint32_t lane = window.first_lane; lane < last; ++lane)
      show_lane(lane, window.from, window.to, result.pixel_ns, result.blocks);
    if (result.blocks.size() <= kMostBlocks) return result;
    result.pixel_ns *= 2;
  }
}

}  // namespace llt::views
