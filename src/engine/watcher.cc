#include "engine/watcher.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/thread_name.h"
#include "engine/server_reader.h"
#include "engine/unique_fd.h"

namespace llt::engine {
namespace {

class AttachedServer final : public Watcher {
 public:
  AttachedServer(BaseUrl url, WatcherOptions options, WatcherCallbacks callbacks)
      : url_(std::move(url)),
        options_(std::move(options)),
        callbacks_(std::move(callbacks)),
        pace_(options_.sample_interval_ms) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
      wake_read_ = UniqueFd(ends[0]);
      wake_write_ = UniqueFd(ends[1]);
    }
    thread_ = std::thread([this] { run(); });
  }

  ~AttachedServer() override {
    {
      const std::scoped_lock lock(mutex_);
      stop_ = true;
    }
    wake_write_.reset();
    thread_.join();
  }

  Snapshot snapshot() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }

 private:
  void run();
  void check();
  void answered(const HttpReply& reply);
  void did_not_answer(const Error& error);
  void came_up();
  void went_down(const std::string& why);
  void sample();
  void put(const Snapshot& next);
  void report(std::string kind, std::string message);
  bool stopping() const {
    const std::scoped_lock lock(mutex_);
    return stop_;
  }

  const BaseUrl url_;
  const WatcherOptions options_;
  const WatcherCallbacks callbacks_;
  UniqueFd wake_read_, wake_write_;

  // The watcher's thread only.
  std::unique_ptr<ServerReader> reader_;
  SamplePace pace_;
  int failures_ = 0;
  bool told_down_ = false;
  bool health_route_ = true;  // false: it has no /health; its model list serves instead

  mutable std::mutex mutex_;
  Snapshot now_;
  bool stop_ = false;
  std::thread thread_;
};

void AttachedServer::put(const Snapshot& next) {
  {
    const std::scoped_lock lock(mutex_);
    if (now_ == next) return;
    now_ = next;
  }
  if (callbacks_.on_state) callbacks_.on_state(next);
}

void AttachedServer::report(std::string kind, std::string message) {
  if (!callbacks_.on_event) return;
  const Snapshot now = snapshot();
  std::map<std::string, std::string> attributes{{"kind", std::string(to_string(now.kind))},
                                                {"model", now.model}};
  callbacks_.on_event(Event{now_unix(), std::move(kind), std::move(message), std::move(attributes)});
}

void AttachedServer::run() {
  name_this_thread("engine-watch");
  reader_ = std::make_unique<ServerReader>(url_, options_.api_key, wake_read_.get());
  while (!stopping()) {
    check();
    const State state = snapshot().state;
    pollfd wake{wake_read_.get(), POLLIN, 0};
    ::poll(&wake, 1, state == State::ready ? options_.health_interval_ms : options_.down_interval_ms);
  }
}

void AttachedServer::check() {
  const bool under_v1 = url_.prefix.ends_with("/v1");
  const char* path = health_route_ ? "/health" : under_v1 ? "/models" : "/v1/models";
  const auto reply = reader_->get(path, options_.probe_timeout_ms);
  if (stopping()) return;
  if (!reply) return did_not_answer(reply.error());
  if (health_route_ && (reply->status == 404 || reply->status == 405)) {
    health_route_ = false;
    return check();
  }
  answered(*reply);
}

void AttachedServer::answered(const HttpReply& reply) {
  failures_ = 0;
  // A 4xx (a key is asked for, for instance) comes from a server that is up.
  if (reply.status < 500) {
    if (snapshot().state != State::ready) return came_up();
    if (pace_.due(now_steady())) sample();
    return;
  }
  const bool loading = reply.status == 503 && reply.body.find("oading") != std::string::npos;
  if (!loading)
    return went_down(url_.text + " answers its health check with " + std::to_string(reply.status));
  Snapshot next = snapshot();
  next.state = State::loading;
  put(next);
}

// A busy server may be slow: while bytes of requests still come, a probe without an answer counts for
// nothing.
void AttachedServer::did_not_answer(const Error& error) {
  const SteadyNs last_byte = callbacks_.last_byte ? callbacks_.last_byte() : 0;
  const bool streams =
      last_byte != 0 && now_steady() - last_byte < std::int64_t{options_.probe_timeout_ms} * kNsPerMs;
  if (error.code == ErrorCode::timeout && streams) return;
  failures_ += error.code == ErrorCode::unavailable ? options_.failures_to_down : 1;
  if (failures_ >= options_.failures_to_down) went_down(error.message);
}

void AttachedServer::came_up() {
  Snapshot next = snapshot();
  reader_->identify(next, options_.probe_timeout_ms);
  if (stopping()) return;
  next.state = State::ready;
  next.ready_since = now_unix();
  told_down_ = false;
  put(next);
  pace_.answered(now_steady());
  report("up", url_.text + " is up: " + std::string(to_string(next.kind)) +
                   (next.model.empty() ? std::string() : ", model " + next.model));
}

void AttachedServer::went_down(const std::string& why) {
  Snapshot next = snapshot();
  next.state = State::down;
  next.ready_since = 0;
  next.error = why;
  next.slots_busy.reset();
  next.requests_deferred.reset();
  put(next);
  if (!told_down_) report("down", why);
  told_down_ = true;
}

void AttachedServer::sample() {
  constexpr int kTimeoutMs = 1'000;
  Snapshot next = snapshot();
  bool answered = reader_->sample(next, kTimeoutMs);
  // Models come and go on servers that can load several; one that told nothing when it came up is asked
  // again.
  if (answered && next.models.empty()) {
    reader_->identify(next, kTimeoutMs);
  } else if (answered) {
    answered = reader_->refresh_models(next, kTimeoutMs);
  }
  if (stopping()) return;
  answered ? pace_.answered(now_steady()) : pace_.failed(now_steady());
  put(next);
}

}  // namespace

std::unique_ptr<Watcher> Watcher::start(BaseUrl url, WatcherOptions options, WatcherCallbacks callbacks) {
  return std::make_unique<AttachedServer>(std::move(url), std::move(options), std::move(callbacks));
}

}  // namespace llt::engine
