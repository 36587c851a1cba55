#include "views/live_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "views/live_json.h"
#include "views/live_queries.h"

namespace llt::views {
namespace {

constexpr std::size_t kFramesHeld = 8;
constexpr int kRequestsShown = 100;
constexpr int kRequestsPerTick = 50;
constexpr int kEventsShown = 10;
constexpr UnixSecond kEventsReach = 24 * 3600;
constexpr int kHistoryStride = 5;          // windows of the past are computed for every fifth second
constexpr UnixSecond kReplayBefore = 300;  // a viewer that was away gets this much again: it may have grown
constexpr UnixSecond kSlotsReach = 60;     // who was in which slot
constexpr UnixSecond kLate = 3;            // rows of the newest seconds may still come in
constexpr int kTurnsShown = 400;
constexpr int kStepsShown = 240;
constexpr std::int64_t kStayWarm = 30 * kNsPerS;  // after the last viewer left, for the one that reloads

std::string frame_text(std::string_view event, std::string_view boot, UnixSecond second,
                       std::string_view data) {
  return fmt::format("event: {}\nid: {}-{}\ndata: {}\n\n", event, boot, second, data);
}

// The newest second of an id made by this run; 0 when it is from another run or malformed.
UnixSecond second_of(std::string_view id, std::string_view boot) {
  if (id.size() < boot.size() + 2 || !id.starts_with(boot) || id[boot.size()] != '-') return 0;
  UnixSecond second = 0;
  for (const char c : id.substr(boot.size() + 1)) {
    if (c < '0' || c > '9' || second > 1'000'000'000'000) return 0;
    second = second * 10 + (c - '0');
  }
  return second;
}

std::string rows_json(const auto& points, UnixSecond after) {
  std::string rows = "[";
  for (const SecondPoint& point : points) {
    if (point.time <= after) continue;
    if (rows.size() > 1) rows += ',';
    append_point_row(rows, point);
  }
  return rows + "]";
}

}  // namespace

LiveFeed::LiveFeed(Options options, store::Reader& reader, std::function<LiveFacts()> facts,
                   std::function<void()> published)
    : options_(options),
      reader_(reader),
      facts_(std::move(facts)),
      published_(std::move(published)),
      boot_(random_span_id().hex()),
      series_(options.history_seconds),
      gpus_(options.history_seconds),
      requests_(kRequestsShown),
      thread_([this] { run(); }) {}

LiveFeed::~LiveFeed() { stop(); }

void LiveFeed::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LiveFeed::join() {
  const std::lock_guard lock(mutex_);
  if (viewers_++ == 0 && frames_.empty()) {
    hurry_ = true;
    wake_.notify_all();
  }
}

void LiveFeed::leave() {
  const std::lock_guard lock(mutex_);
  --viewers_;
  last_seen_ns_ = now_steady();
}

LiveFrame LiveFeed::history(std::string_view last_event_id) const {
  const std::lock_guard lock(mutex_);
  if (frames_.empty() || series_.empty()) return {};
  UnixSecond after = second_of(last_event_id, boot_) - kReplayBefore;
  const bool complete = after < series_.points().front().time;
  if (complete) after = 0;
  const std::string data = fmt::format(
      R"({{"boot":"{}","complete":{},"columns":{},"rows":{},"window_seconds":{},{},"losses":{},"events":{},"requests":{},"turns":{},"steps":{},"gpu_columns":{},"gpu_rows":{}}})",
      boot_, complete, point_columns_json(), rows_json(series_.points(), after), kWindowSeconds, facts_json_,
      losses_, newest_events_, requests_.all(), turns_, steps_, gpu_columns_json(),
      gpu_rows_json(gpus_.after(after)));
  return {frames_.back().sequence,
          std::make_shared<const std::string>(frame_text("history", boot_, newest_, data))};
}

LiveFrame LiveFeed::next(std::uint64_t sequence, bool& lost) const {
  const std::lock_guard lock(mutex_);
  lost = false;
  if (frames_.empty() || frames_.back().sequence <= sequence) return {};
  if (frames_.front().sequence > sequence + 1) {
    lost = true;
    return {};
  }
  return frames_[static_cast<std::size_t>(sequence + 1 - frames_.front().sequence)];
}

void LiveFeed::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!wait_for_tick(lock)) break;
    const bool watched = viewers_ > 0 || now_steady() - last_seen_ns_ < kStayWarm;
    lock.unlock();
    if (watched) {
      tick();
      lock.lock();
    } else {
      sample(now_unix() / kNsPerS - 1, facts_());
      lock.lock();
      warm_ = false;
      frames_.clear();
    }
  }
}

bool LiveFeed::wait_for_tick(std::unique_lock<std::mutex>& lock) {
  const std::int64_t settle = options_.settle_ms * kNsPerMs;
  const std::int64_t into_period = (now_unix() - settle) % kNsPerS;
  const auto pause = std::chrono::nanoseconds(kNsPerS - into_period);
  wake_.wait_for(lock, pause, [this] { return stopping_ || hurry_; });
  hurry_ = false;
  return !stopping_;
}

void LiveFeed::sample(UnixSecond second, const LiveFacts& facts) {
  if (!samples_.empty() && second <= samples_.back().time) {
    if (second < samples_.back().time - 1)
      samples_.clear();  // the clock was set back
    else
      return;
  }
  samples_.push_back({second, facts.waiting, facts.prefilling, facts.decoding});
  while (samples_.size() > static_cast<std::size_t>(options_.history_seconds)) samples_.pop_front();
}

void LiveFeed::tick() {
  const UnixSecond newest = (now_unix() - options_.settle_ms * kNsPerMs) / kNsPerS - 1;
  const LiveFacts facts = facts_();
  sample(newest, facts);
  if (newest < newest_) warm_ = false;
  if (warm_ && newest == newest_) return;
  const bool far_behind = newest - newest_ > options_.history_seconds;
  const Result<> outcome = warm_ && !far_behind ? read_new_seconds(newest) : load_history(newest);
  if (!outcome) {
    spdlog::warn("live page: {}", outcome.error().to_string());
    warm_ = false;
  }
  publish(facts, outcome);
  published_();
}

namespace {

void put_window(LiveSeries& series, const WindowStatistics& window, UnixSecond time) {
  SecondPoint* point = series.edit(time);
  if (point == nullptr) return;
  point->ttft_ms = window.ttft_ms;
  point->time_per_output_token_ms = window.time_per_output_token_ms;
  point->cache_hit_ratio = window.cache_hit_ratio;
}

void put_steps(LiveSeries& series, const std::vector<StepSecond>& seconds) {
  for (const StepSecond& second : seconds) {
    if (SecondPoint* point = series.edit(second.time)) point->steps = second.steps;
  }
}

// Whether an engine with the probe has worked lately: otherwise there is nothing to ask for.
bool stepping(const LiveSeries& series) {
  const auto& points = series.points();
  const auto reach = std::min<std::size_t>(points.size(), kSlotsReach);
  return std::any_of(points.end() - static_cast<std::ptrdiff_t>(reach), points.end(),
                     [](const SecondPoint& point) { return point.steps.has_value(); });
}

std::string or_empty(Result<std::string> text) { return text ? std::move(*text) : std::string("[]"); }

}  // namespace

Result<> LiveFeed::load_history(UnixSecond newest) {
  const UnixSecond first = newest - options_.history_seconds + 1;
  auto contributions = read_contributions(reader_, first, newest);
  if (!contributions) return std::unexpected(std::move(contributions.error()));
  auto windows = read_windows(reader_, first, newest, kHistoryStride);
  if (!windows) return std::unexpected(std::move(windows.error()));
  auto requests = read_newest_requests(reader_, 0, kRequestsShown);
  if (!requests) return std::unexpected(std::move(requests.error()));

  auto steps = read_step_seconds(reader_, first, newest);
  if (!steps) return std::unexpected(std::move(steps.error()));

  const std::lock_guard lock(mutex_);
  series_.reset(newest);
  for (const Contribution& contribution : *contributions) series_.add(contribution);
  for (const WindowStatistics& window : *windows) {
    for (int back = 0; back < kHistoryStride; ++back) put_window(series_, window, window.time - back);
  }
  for (const InFlight& in_flight : samples_) {
    if (SecondPoint* point = series_.edit(in_flight.time)) {
      point->waiting = in_flight.waiting;
      point->prefilling = in_flight.prefilling;
      point->decoding = in_flight.decoding;
    }
  }
  put_steps(series_, *steps);
  (void)series_.take_revised();
  requests_.clear();
  (void)requests_.absorb(*requests);
  gpus_.clear();
  newest_ = newest;
  frames_.clear();
  ++sequence_;  // a gap: viewers that are here already take the history again
  warm_ = true;
  return {};
}

Result<> LiveFeed::read_new_seconds(UnixSecond newest) {
  auto contributions = read_contributions(reader_, newest_ + 1, newest);
  if (!contributions) return std::unexpected(std::move(contributions.error()));
  auto windows = read_windows(reader_, newest_ + 1, newest, 1);
  if (!windows) return std::unexpected(std::move(windows.error()));
  auto steps = read_step_seconds(reader_, newest_ + 1 - kLate, newest);
  if (!steps) return std::unexpected(std::move(steps.error()));

  const std::lock_guard lock(mutex_);
  series_.advance(newest);
  for (const Contribution& contribution : *contributions) series_.add(contribution);
  for (const WindowStatistics& window : *windows) put_window(series_, window, window.time);
  put_steps(series_, *steps);
  if (SecondPoint* point = series_.edit(samples_.back().time)) {
    point->waiting = samples_.back().waiting;
    point->prefilling = samples_.back().prefilling;
    point->decoding = samples_.back().decoding;
  }
  newest_ = newest;
  return {};
}

void LiveFeed::publish(const LiveFacts& facts, const Result<>& outcome) {
  std::string losses = or_empty(read_losses(reader_));
  std::string events =
      or_empty(read_newest_events(reader_, now_unix() / kNsPerS - kEventsReach, kEventsShown));
  std::string requests = or_empty(read_newest_requests(reader_, newest_ - kWindowSeconds, kRequestsPerTick));
  const std::int64_t since = (newest_ - kSlotsReach) * kNsPerS;
  const std::int64_t fresh = (newest_ - kLate) * kNsPerS;
  FreshRows turns;
  FreshRows steps;
  if (stepping(series_)) {
    turns = read_turns(reader_, since, fresh, kTurnsShown).value_or(FreshRows{});
    steps = read_newest_steps(reader_, since, fresh, kStepsShown).value_or(FreshRows{});
  }
  std::vector<GpuPoint> cards;
  if (!facts.gpus.empty()) {
    const UnixSecond reach = gpus_.empty() ? options_.history_seconds - 1 : kLate;
    cards = read_gpu_points(reader_, newest_ - reach, newest_).value_or(std::vector<GpuPoint>{});
  }

  const std::lock_guard lock(mutex_);
  gpus_.put(cards);
  losses_ = std::move(losses);
  turns_ = std::move(turns.all);
  steps_ = std::move(steps.all);
  newest_events_ = std::move(events);
  facts_json_ = facts_members_json(facts);
  const SecondPoint newest = series_.empty() ? SecondPoint{.time = newest_} : series_.points().back();
  const std::string data = fmt::format(
      R"({{"boot":"{}",{},{},"losses":{},"events":{},"requests":{},"columns":{},"revised":{},"turns":{},"steps":{},"gpu_columns":{},"gpu_rows":{},"store_error":{}}})",
      boot_, point_members_json(newest), facts_json_, losses_, newest_events_, requests_.absorb(requests),
      point_columns_json(), rows_json(series_.take_revised(), 0), turns.fresh, steps.fresh,
      gpu_columns_json(), gpu_rows_json(gpus_.after(newest_ - kLate - 1)),
      outcome ? "null" : json_string(outcome.error().to_string()));
  frames_.push_back(
      {++sequence_, std::make_shared<const std::string>(frame_text("tick", boot_, newest_, data))});
  while (frames_.size() > kFramesHeld) frames_.pop_front();
}

}  // namespace llt::views
