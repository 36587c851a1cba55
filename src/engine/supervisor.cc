#include "engine/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/thread_name.h"
#include "engine/child_process.h"
#include "engine/diagnosis.h"
#include "engine/liveness.h"
#include "engine/machine.h"
#include "engine/output_reader.h"
#include "engine/server_reader.h"
#include "engine/unique_fd.h"

namespace llt::engine {
namespace {

constexpr std::size_t kLastWords = 12;

/// Everything about one process from its start to its end.
struct Run {
  Run(std::unique_ptr<ChildProcess> process, std::uint64_t model_bytes, const SupervisorOptions& options)
      : child(std::move(process)),
        output(child->output_fd()),
        load(model_bytes, now_steady()),
        hang(options.hang_timeout_ms, now_steady()),
        pace(options.sample_interval_ms) {}

  std::unique_ptr<ChildProcess> child;
  OutputReader output;
  LoadMeter load;
  HangDetector hang;
  SamplePace pace;
  SteadyNs started = now_steady();
  bool ready = false;
  bool described = false;
  Circumstances around;
  std::optional<std::uint64_t> memory_kills_before;
};

/// Why a run ended, in the words of its event.
struct Ending {
  std::string kind;  ///< crash, hang or stop
  Error error;
  std::optional<ExitStatus> status;
};

class ManagedEngine final : public Supervisor {
 public:
  ManagedEngine(Launch launch, SupervisorOptions options, SupervisorCallbacks callbacks, UniqueFd wake_read,
                UniqueFd wake_write)
      : launch_(std::move(launch)),
        options_(options),
        callbacks_(std::move(callbacks)),
        wake_read_(std::move(wake_read)),
        wake_write_(std::move(wake_write)),
        policy_(options.restart_limit, options.restart_window_ms, options.first_backoff_ms,
                options.max_backoff_ms),
        reader_(BaseUrl{launch_.endpoint(), "", {}}, "", wake_read_.get()) {
    now_.kind = Kind::llama_cpp;
    now_.model = launch_.model.stem().string();
    now_.model_path = launch_.model.string();
    // The child is tied to the thread that makes it, so this thread does, and outlives it.
    thread_ = std::thread([this] { run(); });
  }

  ~ManagedEngine() override {
    ManagedEngine::drain_and_stop(0);
    thread_.join();
  }

  Snapshot snapshot() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }

  Result<bool> wait_ready(int timeout_ms) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                      [this] { return now_.state == State::ready || now_.state == State::failed || ended_; });
    if (now_.state == State::ready) return true;
    if (now_.state == State::failed) return std::unexpected(failure_);
    if (ended_) return fail(ErrorCode::unavailable, "the engine was stopped");
    return false;
  }

  void drain_and_stop(int timeout_ms) override {
    const SteadyNs deadline = now_steady() + std::int64_t{timeout_ms} * kNsPerMs;
    std::unique_lock lock(mutex_);
    if (stop_deadline_ == 0 || deadline < stop_deadline_) stop_deadline_ = deadline;
    [[maybe_unused]] const auto written = ::write(wake_write_.get(), "s", 1);
    changed_.wait(lock, [this] { return ended_; });
  }

 private:
  void run();
  Ending run_once();
  Ending serve(Run& run);
  std::optional<Ending> after_health(Run& run, const Result<HttpReply>& reply);
  std::optional<Ending> while_loading(Run& run);
  std::optional<Ending> while_ready(Run& run);
  void became_ready(Run& run);
  void sample(Run& run);
  Ending ended_by_itself(Run& run, const ExitStatus& status);
  Ending killed(Run& run, std::string kind, Error error);
  Ending stop(Run& run);

  bool handle_failure(const Ending& ending);
  bool speaks_older_now();
  bool sleep_unless_stopped(int milliseconds);
  bool stopping() const {
    const std::scoped_lock lock(mutex_);
    return stop_deadline_ != 0;
  }
  void update(const std::function<void(Snapshot&)>& change);
  void report(std::string kind, std::string message, std::map<std::string, std::string> attributes = {});

  Launch launch_;  // the supervisor's thread only, once it runs
  const SupervisorOptions options_;
  const SupervisorCallbacks callbacks_;
  const UniqueFd wake_read_, wake_write_;  // readable from the first drain_and_stop on
  RestartPolicy policy_;
  ServerReader reader_;
  bool ever_ready_ = false;  // the supervisor's thread only

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Snapshot now_;
  Error failure_;
  SteadyNs stop_deadline_ = 0;
  bool ended_ = false;
  std::thread thread_;
};

void ManagedEngine::update(const std::function<void(Snapshot&)>& change) {
  Snapshot copy;
  {
    const std::scoped_lock lock(mutex_);
    const Snapshot before = now_;
    change(now_);
    if (now_ == before) return;
    copy = now_;
  }
  if (callbacks_.on_state) callbacks_.on_state(copy);
  changed_.notify_all();  // last: who waited finds the new state known everywhere
}

void ManagedEngine::report(std::string kind, std::string message,
                           std::map<std::string, std::string> attributes) {
  if (!callbacks_.on_event) return;
  const Snapshot now = snapshot();
  if (now.pid != 0) attributes.emplace("pid", std::to_string(now.pid));
  attributes.emplace("restarts", std::to_string(now.restarts));
  attributes.emplace("model", now.model);
  callbacks_.on_event(Event{now_unix(), std::move(kind), std::move(message), std::move(attributes)});
}

void ManagedEngine::run() {
  name_this_thread("engine");
  bool go_on = true;
  while (go_on && !stopping()) {
    const Ending ending = run_once();
    go_on = ending.kind != "stop" && handle_failure(ending);
  }
  update([](Snapshot& now) {
    now.pid = 0;
    if (now.state != State::failed) now.state = State::stopped;
  });
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

// Whether the first start failed by what older releases do not understand, and that is now said otherwise.
bool ManagedEngine::speaks_older_now() {
  constexpr std::string_view kRefusal = "error: invalid argument: ";
  for (const std::string& words : snapshot().last_words) {
    const std::size_t at = words.find(kRefusal);
    if (at != std::string::npos &&
        launch_.say_flash_attention_by_variable(words.substr(at + kRefusal.size())))
      return true;
  }
  return false;
}

// False: it is over.
bool ManagedEngine::handle_failure(const Ending& ending) {
  if (!ever_ready_ && speaks_older_now()) return true;
  const std::string words = ending.error.to_string();
  std::map<std::string, std::string> attributes{{"error", ending.error.message}};
  if (ending.status)
    attributes[ending.status->signaled ? "signal" : "exit_code"] = std::to_string(ending.status->value);
  report(ending.kind, words, attributes);
  const auto wait_ms = ever_ready_ ? policy_.next(now_steady()) : std::nullopt;
  if (!wait_ms) {
    std::string message = ending.error.message;
    if (ever_ready_) {
      message = "gave up after " + std::to_string(options_.restart_limit) + " restarts within " +
                std::to_string(options_.restart_window_ms / 1000) + " s; the last time " + message;
    }
    {
      const std::scoped_lock lock(mutex_);
      failure_ = Error{ending.error.code, message, ending.error.hint};
    }
    update([&](Snapshot& now) {
      now.state = State::failed;
      now.error = Error{ending.error.code, message, ending.error.hint}.to_string();
      now.ready_since = 0;
    });
    report("give_up", message, attributes);
    return false;
  }
  update([&](Snapshot& now) {
    now.state = State::restarting;
    now.error = words;
  });
  if (!sleep_unless_stopped(*wait_ms)) return false;
  update([](Snapshot& now) { ++now.restarts; });
  report("restart",
         "restarting llama-server after " + std::to_string(*wait_ms) + " ms: " + ending.error.message,
         {{"backoff_ms", std::to_string(*wait_ms)}, {"reason", ending.kind}});
  return true;
}

bool ManagedEngine::sleep_unless_stopped(int milliseconds) {
  pollfd wake{wake_read_.get(), POLLIN, 0};
  const SteadyNs until = now_steady() + std::int64_t{milliseconds} * kNsPerMs;
  for (SteadyNs now = now_steady(); now < until && !stopping(); now = now_steady()) {
    ::poll(&wake, 1, static_cast<int>((until - now) / kNsPerMs + 1));
  }
  return !stopping();
}

// Starts the process and stays with it to its end.
Ending ManagedEngine::run_once() {
  update([](Snapshot& now) {
    now.state = State::starting;
    now.pid = 0;
    now.ready_since = 0;
    now.load_progress.reset();
    now.flash_attention.reset();
    now.slots_busy.reset();
    now.requests_deferred.reset();
  });
  std::error_code ignored;
  std::filesystem::remove(launch_.socket->path(), ignored);  // llama-server cannot bind to what is there
  const auto model_bytes = std::filesystem::file_size(launch_.model, ignored);
  auto child = ChildProcess::spawn({launch_.binary, launch_.arguments, launch_.environment});
  if (!child) return {"crash", child.error(), std::nullopt};

  Run run(std::move(*child), ignored ? 0 : model_bytes, options_);
  run.around = {
      launch_.binary, launch_.model, ignored ? 0 : model_bytes, memory_budget().available_bytes, false, {}};
  run.memory_kills_before = out_of_memory_kills();
  update([&](Snapshot& now) {
    now.pid = run.child->pid();
    now.started = now_unix();
    now.last_words.clear();
  });
  report("start", "started llama-server", {{"command", launch_.to_string()}});
  Ending ending = serve(run);
  run.output.finish();
  update([&](Snapshot& now) {
    now.pid = 0;
    now.ready_since = 0;
    now.load_progress.reset();
    now.slots_busy.reset();
    now.requests_deferred.reset();
    if (ending.kind != "stop") now.last_words = last_words(run.output.lines(), kLastWords);
  });
  return ending;
}

Ending ManagedEngine::serve(Run& run) {
  constexpr int kFirstIntervalMs = 25;  // while it starts; small models are there in a fraction of a second
  constexpr int kSlowestLoadingMs = 250;
  int interval = kFirstIntervalMs;
  while (true) {
    if (const auto status = run.child->wait_exit(interval, wake_read_.get()))
      return ended_by_itself(run, *status);
    if (stopping()) return stop(run);
    const auto reply = reader_.get("/health", options_.probe_timeout_ms);
    if (stopping()) return stop(run);
    if (auto ending = after_health(run, reply)) return std::move(*ending);
    if (auto ending = run.ready ? while_ready(run) : while_loading(run)) return std::move(*ending);
    interval = run.ready ? options_.health_interval_ms : std::min(interval + interval / 4, kSlowestLoadingMs);
  }
}

std::optional<Ending> ManagedEngine::after_health(Run& run, const Result<HttpReply>& reply) {
  if (!reply) return std::nullopt;
  if (!run.child->owns(reply->peer_pid)) {
    return killed(run, "crash",
                  Error{ErrorCode::already_exists,
                        "process " + std::to_string(reply->peer_pid) +
                            ", which we did not start, answers on " + launch_.socket->path().string(),
                        "stop it, and start llamatelemetry again"});
  }
  run.hang.health_answered(now_steady());
  if (reply->status == 200 && !run.ready) became_ready(run);
  return std::nullopt;
}

std::optional<Ending> ManagedEngine::while_loading(Run& run) {
  const SteadyNs now = now_steady();
  run.load.observe(process_use(run.child->pid()), run.output.last_output(), now);
  const auto words = [&](std::int64_t ns) { return std::to_string(ns / 1'000'000'000) + " s"; };
  if (run.load.silent_ns(now) >= std::int64_t{options_.silent_load_timeout_ms} * kNsPerMs) {
    return killed(
        run, "hang",
        Error{ErrorCode::timeout,
              "llama-server stands still while loading: no output, no work, no more memory for " +
                  words(run.load.silent_ns(now)),
              "its last words may say why; a disk or network share that does not answer does this"});
  }
  if (now - run.started >= std::int64_t{options_.load_timeout_ms} * kNsPerMs) {
    return killed(
        run, "hang",
        Error{ErrorCode::timeout, "llama-server did not become ready within " + words(now - run.started),
              "try a smaller model, or a faster disk"});
  }
  update([&](Snapshot& snapshot) {
    const auto progress = run.load.progress();
    const bool first = snapshot.state != State::loading;
    snapshot.state = State::loading;
    // Whole per cents only: each change is told to everybody.
    if (progress) snapshot.load_progress = static_cast<double>(static_cast<int>(*progress * 100)) / 100;
    if (first) snapshot.load_progress = snapshot.load_progress.value_or(0);
  });
  return std::nullopt;
}

void ManagedEngine::became_ready(Run& run) {
  run.ready = true;
  run.around.was_ready = true;
  ever_ready_ = true;
  Snapshot described = snapshot();
  run.described = reader_.describe_llama(described, options_.probe_timeout_ms);
  const LogFacts facts = run.output.facts();
  const auto load_ms = (now_steady() - run.started) / kNsPerMs;
  update([&](Snapshot& now) {
    described.state = State::ready;
    described.ready_since = now_unix();
    described.load_progress.reset();
    if (!facts.architecture.empty()) described.architecture = facts.architecture;
    if (described.quantization.empty()) described.quantization = facts.quantization;
    if (described.build.empty()) described.build = facts.build;
    if (described.commit.empty()) described.commit = facts.commit;
    described.backend = facts.backend;
    described.flash_attention = facts.flash_attention;
    described.threads = facts.threads ? facts.threads : std::optional<std::int64_t>(launch_.threads);
    if (!described.slots) described.slots = facts.slots;
    if (!described.context_tokens) described.context_tokens = facts.context_tokens;
    now = described;
  });
  report("ready", "llama-server is ready after " + std::to_string(load_ms) + " ms",
         {{"load_ms", std::to_string(load_ms)}});
}

std::optional<Ending> ManagedEngine::while_ready(Run& run) {
  const SteadyNs now = now_steady();
  const SteadyNs last_byte = callbacks_.last_byte ? callbacks_.last_byte() : 0;
  run.hang.observe(process_use(run.child->pid()).cpu_ticks, last_byte, now);
  if (run.hang.hung(now)) {
    return killed(run, "hang",
                  Error{ErrorCode::timeout,
                        "llama-server hangs: neither /health nor any request had an answer for " +
                            std::to_string(run.hang.silent_ns(now) / 1'000'000'000) + " s",
                        "it is restarted; a newer llama-server may not hang"});
  }
  const bool answers = run.hang.silent_ns(now) < std::int64_t{options_.health_interval_ms} * 2 * kNsPerMs;
  if (answers && run.pace.due(now)) sample(run);
  return std::nullopt;
}

// Counts busy slots. While it works on a prompt without saying anything, it would answer between two batches
// only, so it is left alone then.
void ManagedEngine::sample(Run& run) {
  constexpr std::int64_t kSilentNs = 1'000 * kNsPerMs;
  constexpr int kTimeoutMs = 1'000;
  const SteadyNs now = now_steady();
  const bool working = callbacks_.outstanding && callbacks_.outstanding() > 0;
  if (working && callbacks_.last_byte && now - callbacks_.last_byte() > kSilentNs) return;
  Snapshot sampled = snapshot();
  if (!run.described) run.described = reader_.describe_llama(sampled, kTimeoutMs);
  const bool answered = reader_.sample(sampled, kTimeoutMs);
  answered ? run.pace.answered(now_steady()) : run.pace.failed(now_steady());
  update([&](Snapshot& target) {
    if (target.state == State::ready) target = sampled;
  });
}

Ending ManagedEngine::ended_by_itself(Run& run, const ExitStatus& status) {
  run.output.finish();
  const auto kills = out_of_memory_kills();
  if (kills && run.memory_kills_before)
    run.around.kernel_killed_for_memory = *kills > *run.memory_kills_before;
  return {"crash", diagnose_exit(status, run.output.lines(), run.around), status};
}

Ending ManagedEngine::killed(Run& run, std::string kind, Error error) {
  constexpr int kReapMs = 10'000;
  run.child->signal_group(SIGKILL);
  const auto status = run.child->wait_exit(kReapMs, -1);
  return {std::move(kind), std::move(error), status};
}

Ending ManagedEngine::stop(Run& run) {
  constexpr int kTickMs = 20;
  update([](Snapshot& now) { now.state = State::draining; });
  const auto deadline = [this] {
    const std::scoped_lock lock(mutex_);
    return stop_deadline_;
  };
  std::optional<ExitStatus> status;
  while (!status && now_steady() < deadline() && callbacks_.outstanding && callbacks_.outstanding() > 0) {
    status = run.child->wait_exit(kTickMs, -1);
  }
  if (!status) {
    run.child->signal_group(SIGTERM);
    status = run.child->wait_exit(options_.stop_grace_ms, -1);
  }
  const bool obeyed = status.has_value();
  if (!status) {
    run.child->signal_group(SIGKILL);
    status = run.child->wait_exit(options_.stop_grace_ms, -1);
  }
  report("stop", obeyed ? "stopped llama-server" : "killed llama-server: it did not end when asked to");
  return {"stop", {}, status};
}

}  // namespace

Result<std::unique_ptr<Supervisor>> Supervisor::start(Launch launch, SupervisorOptions options,
                                                      SupervisorCallbacks callbacks) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return fail(ErrorCode::resource_exhausted, std::string("cannot make a pipe: ") + std::strerror(errno),
                "raise the limit of open files (ulimit -n)");
  }
  return std::make_unique<ManagedEngine>(std::move(launch), options, std::move(callbacks), UniqueFd(ends[0]),
                                         UniqueFd(ends[1]));
}

}  // namespace llt::engine
