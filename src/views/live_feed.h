#pragma once
// The live picture: one thread that, once a second, reads what is new and writes one Server-Sent Event that
// every viewer gets. While nobody watches it only samples three counters.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "views/console.h"
#include "views/gpu_curves.h"
#include "views/live_series.h"
#include "views/recent_rows.h"

namespace llt::views {

/// One event as it goes over the wire. `sequence` grows by one from frame to frame.
struct LiveFrame {
  std::uint64_t sequence = 0;
  std::shared_ptr<const std::string> text;
};

class LiveFeed {
 public:
  struct Options {
    int history_seconds = 900;
    int settle_ms = 650;  ///< how long after a second's end its rows are visible in the store
  };

  /// `published` is called on the feed's thread after each new frame; it must not block.
  LiveFeed(Options options, store::Reader& reader, std::function<LiveFacts()> facts,
           std::function<void()> published);
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  /// A viewer comes; the first one makes the feed read its history, which publishes a frame at once.
  void join();
  void leave();

  /// What a viewer that has nothing, or has lost touch, gets first: a `history` event with the curves, or
  /// only their newer part when `last_event_id` names a frame of this run. Its sequence is that of the
  /// newest frame, which it includes. An empty text means: not ready, wait for the next frame.
  [[nodiscard]] LiveFrame history(std::string_view last_event_id) const;

  /// The frame after `sequence`; an empty text when there is none yet, or when it is too old to be held
  /// (`lost` is set: take history() again).
  [[nodiscard]] LiveFrame next(std::uint64_t sequence, bool& lost) const;

  void stop();

 private:
  void run();
  bool wait_for_tick(std::unique_lock<std::mutex>& lock);
  void tick();
  void sample(UnixSecond second, const LiveFacts& facts);
  Result<> load_history(UnixSecond newest);
  Result<> read_new_seconds(UnixSecond newest);
  void publish(const LiveFacts& facts, const Result<>& outcome);

  Options options_;
  store::Reader& reader_;
  std::function<LiveFacts()> facts_;
  std::function<void()> published_;
  const std::string boot_;  ///< names this run in event ids

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  int viewers_ = 0;
  bool stopping_ = false;
  bool hurry_ = false;             ///< a first viewer waits
  std::int64_t last_seen_ns_ = 0;  ///< steady time when somebody watched
  LiveSeries series_;              ///< written by the thread under the lock, read by anyone under it
  std::deque<LiveFrame> frames_;
  std::uint64_t sequence_ = 0;  ///< of the newest frame
  GpuCurves gpus_;
  RecentRows requests_;
  std::string turns_ = "[]", steps_ = "[]";  ///< what a new viewer gets of the last minute
  std::string newest_events_ = "[]", losses_ = "[]", facts_json_;
  UnixSecond newest_ = 0;  ///< the last second in series_

  // Only the thread touches these.
  struct InFlight {
    UnixSecond time;
    std::int64_t waiting, prefilling, decoding;
  };
  std::deque<InFlight> samples_;
  bool warm_ = false;  ///< series_ holds everything up to newest_
  std::thread thread_;
};

}  // namespace llt::views
