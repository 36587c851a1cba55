#include "views/range_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "store/reader.h"
#include "views/gpu_curves.h"
#include "views/json_rows.h"
#include "views/live_json.h"
#include "views/live_queries.h"

namespace llt::views {
namespace {

constexpr std::int64_t kMostPoints = 900;
constexpr UnixSecond kLongest = 400 * 86'400;
constexpr UnixSecond kEndOfTime = 100'000'000'000;  // in nanoseconds still far from overflow of 2^63 / 10^9
constexpr std::array kSteps{1,   2,   5,    10,   15,   30,    60,     120,   300,
                            600, 900, 1800, 3600, 7200, 21600, 43'200, 86'400};

struct Range {
  UnixSecond from = 0, to = 0;  ///< multiples of the step; `to` is exclusive
  int step = 1;
};

Result<Range> parse_range(const Target& target) {
  const auto second = [&target](std::string_view name) {
    return parse_integer(target.find(name).value_or(""), 0, kEndOfTime / 20);
  };
  const auto from = second("from");
  const auto to = second("to");
  if (!from) return std::unexpected(bad_parameter("from", "seconds since 1970"));
  if (!to || *to <= *from || *to - *from > kLongest) {
    return std::unexpected(
        bad_parameter("to", "seconds since 1970, after `from` and at most 400 days later"));
  }
  const auto fits = [&](int step) { return (*to - *from) / step <= kMostPoints; };
  Range range;
  range.step = *std::ranges::find_if(kSteps, fits);
  if (const auto text = target.find("step")) {
    const auto step = parse_integer(*text, 1, 86'400);
    if (!step || !fits(static_cast<int>(*step))) {
      return std::unexpected(bad_parameter("step", "seconds, so many that there are at most 900 points"));
    }
    range.step = static_cast<int>(*step);
  }
  range.from = *from / range.step * range.step;
  range.to = (*to + range.step - 1) / range.step * range.step;
  return range;
}

class Points {
 public:
  explicit Points(const Range& range) : range_(range) {
    for (UnixSecond time = range.from; time < range.to; time += range.step) points_.push_back({.time = time});
  }

  [[nodiscard]] SecondPoint* at(UnixSecond time) {
    if (time < range_.from || time >= range_.to) return nullptr;
    return &points_[static_cast<std::size_t>((time - range_.from) / range_.step)];
  }

  [[nodiscard]] std::string rows() const {
    std::string out = "[";
    for (const SecondPoint& point : points_) {
      if (out.size() > 1) out += ',';
      append_point_row(out, point, range_.step);
    }
    return out + "]";
  }

 private:
  Range range_;
  std::vector<SecondPoint> points_;
};

void add(SecondPoint& point, const Contribution& more) {
  point.requests += more.requests;
  point.errors += more.errors;
  point.queue_seconds += more.queue_seconds;
  point.prefill_seconds += more.prefill_seconds;
  point.decode_seconds += more.decode_seconds;
  point.prefill_tokens += more.prefill_tokens;
  point.decode_tokens += more.decode_tokens;
}

Result<> fill(Points& points, store::Reader& reader, const Range& range) {
  const UnixSecond last = range.to - 1;
  auto contributions = read_contributions(reader, range.from, last, range.step);
  if (!contributions) return std::unexpected(std::move(contributions.error()));
  for (const Contribution& one : *contributions) {
    if (SecondPoint* point = points.at(one.time)) add(*point, one);
  }
  auto windows = read_windows(reader, range.from, last, range.step, std::max(range.step, kWindowSeconds));
  if (!windows) return std::unexpected(std::move(windows.error()));
  for (const WindowStatistics& window : *windows) {
    SecondPoint* point = points.at(window.time);
    if (point == nullptr) continue;
    point->ttft_ms = window.ttft_ms;
    point->time_per_output_token_ms = window.time_per_output_token_ms;
    point->cache_hit_ratio = window.cache_hit_ratio;
  }
  auto steps = read_step_seconds(reader, range.from, last, range.step);
  if (!steps) return std::unexpected(std::move(steps.error()));
  for (const StepSecond& step : *steps) {
    if (SecondPoint* point = points.at(step.time)) point->steps = step.steps;
  }
  return {};
}

}  // namespace

Reply curves_of_range(store::Reader& reader, const Target& target) {
  const auto range = parse_range(target);
  if (!range) return error_reply(range.error());
  Points points(*range);
  if (auto filled = fill(points, reader, *range); !filled) return error_reply(filled.error());
  const auto gpus = read_gpu_points(reader, range->from, range->to - 1, range->step);
  if (!gpus) return error_reply(gpus.error());
  Reply reply;
  reply.body =
      fmt::format(R"({{"from":{},"to":{},"step":{},"columns":{},"rows":{},"gpu_columns":{},"gpu_rows":{}}})"
                  "\n",
                  range->from, range->to, range->step, point_columns_json(), points.rows(),
                  gpu_columns_json(), gpu_rows_json(*gpus));
  return reply;
}

}  // namespace llt::views
