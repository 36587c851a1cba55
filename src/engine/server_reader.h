#pragma once
// Asks a running server what it is and how busy it is, and puts the answers into a snapshot.

#include <string>

#include "base/clock.h"
#include "base/endpoint.h"
#include "engine/http_probe.h"
#include "engine/snapshot.h"

namespace llt::engine {

/// Used by one thread. Every call blocks for at most the time-out, and ends early when `cancel_fd` fires.
class ServerReader {
 public:
  ServerReader(BaseUrl url, std::string api_key, int cancel_fd)
      : url_(std::move(url)), api_key_(std::move(api_key)), cancel_fd_(cancel_fd) {}

  [[nodiscard]] Result<HttpReply> get(const std::string& path, int timeout_ms) const;

  /// Finds out which server it is, its models and, for llama.cpp, its properties. False when the server told
  /// nothing (then `snapshot` is as it was).
  bool identify(Snapshot& snapshot, int timeout_ms) const;

  /// llama.cpp's /props and /v1/models.
  bool describe_llama(Snapshot& snapshot, int timeout_ms) const;

  /// The model list alone, for a server whose kind is known. False when there was no usable answer.
  bool refresh_models(Snapshot& snapshot, int timeout_ms) const;

  /// Slots busy and requests deferred, of the kinds of server that tell. False when the server was too slow
  /// or did not answer.
  bool sample(Snapshot& snapshot, int timeout_ms) const;

 private:
  bool read_models(Snapshot& snapshot, std::string& owned_by, int timeout_ms) const;

  BaseUrl url_;
  std::string api_key_;
  int cancel_fd_;
};

/// Says when the next sample is due: regularly, and less and less often while the server is slow to answer.
class SamplePace {
 public:
  explicit SamplePace(int interval_ms) : interval_ms_(interval_ms), current_ms_(interval_ms) {}
  [[nodiscard]] bool due(SteadyNs now) const noexcept { return now >= next_; }
  void answered(SteadyNs now) noexcept {
    current_ms_ = interval_ms_;
    next_ = now + std::int64_t{current_ms_} * 1'000'000;
  }
  void failed(SteadyNs now) noexcept {
    constexpr int kSlowestMs = 30'000;
    current_ms_ = current_ms_ * 2 > kSlowestMs ? kSlowestMs : current_ms_ * 2;
    next_ = now + std::int64_t{current_ms_} * 1'000'000;
  }

 private:
  int interval_ms_, current_ms_;
  SteadyNs next_ = 0;
};

}  // namespace llt::engine
