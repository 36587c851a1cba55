// The supervisor and the watcher with this test binary itself as the engine, so that the sanitizers see all
// of it. What llama-server really does is tested through the whole program (tests/engine).

#include "engine/supervisor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "engine/watcher.h"

namespace llt::engine {
namespace {

constexpr const char* kRole = "LLT_TEST_ENGINE";

std::string answer_to(std::string_view request) {
  std::string body = "{}";
  if (request.starts_with("GET /props"))
    body = R"({"build_info":"b7-abc","total_slots":2,"model_ftype":"Q4_0"})";
  if (request.starts_with("GET /v1/models"))
    body = R"({"data":[{"id":"m","owned_by":"llamacpp","aliases":["n"]}]})";
  if (request.starts_with("GET /metrics"))
    body = "llamacpp:requests_processing 1\nllamacpp:requests_deferred 3\n";
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

int listen_at(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::_exit(3);
  ::listen(listener, 16);
  return listener;
}

// Serves until it is killed, or for `answers` answers and then dies.
[[noreturn]] void be_engine(const char* path, int answers) {
  ::signal(SIGPIPE, SIG_IGN);  // a probe may be cut off
  const int listener = listen_at(path);
  ::dprintf(2, "0.00.000.001 I resolve_fused_ops: Flash Attention enabled\n");
  for (int served = 0; answers == 0 || served < answers; ++served) {
    const int peer = ::accept(listener, nullptr, nullptr);
    std::array<char, 4096> request{};
    const ssize_t got = ::read(peer, request.data(), request.size());
    const std::string answer =
        answer_to({request.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
    [[maybe_unused]] const auto written = ::write(peer, answer.data(), answer.size());
    ::close(peer);
  }
  ::_exit(9);
}

// As releases before August 2025 do, whose flag has no value.
void refuse_a_value_of_flash_attention() {
  std::ifstream file("/proc/self/cmdline");
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  if (all.find("--flash-attn") == std::string::npos) return;
  ::dprintf(2, "error: invalid argument: on\n");
  ::_exit(1);
}

// Runs before main in the process that is the engine.
[[maybe_unused]] const bool kIsEngine = [] {
  const char* role = std::getenv(kRole);
  if (role == nullptr) return false;
  refuse_a_value_of_flash_attention();
  const std::string text = role;
  const auto space = text.find(' ');
  be_engine(text.substr(space + 1).c_str(), std::atoi(text.c_str()));
}();

Launch launch_self(int answers) {
  Launch launch;
  launch.binary = "/proc/self/exe";
  launch.model = "/dev/null";
  launch.socket = *PrivateSocket::create();
  launch.environment[kRole] = std::to_string(answers) + " " + launch.socket->path().string();
  return launch;
}

class EventLog {
 public:
  void add(const Event& event) {
    const std::scoped_lock lock(mutex_);
    kinds_.push_back(event.kind);
  }
  [[nodiscard]] std::vector<std::string> kinds() const {
    const std::scoped_lock lock(mutex_);
    return kinds_;
  }
  [[nodiscard]] std::ptrdiff_t count(const std::string& kind) const {
    const auto all = kinds();
    return std::count(all.begin(), all.end(), kind);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> kinds_;
};

SupervisorCallbacks into(EventLog& log) {
  SupervisorCallbacks callbacks;
  callbacks.on_event = [&log](const Event& event) { log.add(event); };
  return callbacks;
}

SupervisorOptions quick() {
  SupervisorOptions options;
  options.first_backoff_ms = 1;
  options.health_interval_ms = 10;
  options.sample_interval_ms = 10;
  options.stop_grace_ms = 500;
  return options;
}

template <class Condition>
bool eventually(Condition&& condition) {
  const SteadyNs until = now_steady() + 10'000'000'000;
  while (!condition()) {
    if (now_steady() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

TEST(SupervisorTest, ReadyDescribedSampledStopped) {
  EventLog log;
  auto supervisor = Supervisor::start(launch_self(0), quick(), into(log));
  ASSERT_TRUE(supervisor);
  const auto ready = (*supervisor)->wait_ready(10'000);
  ASSERT_TRUE(ready);
  EXPECT_TRUE(*ready);
  EXPECT_TRUE(eventually([&] { return (*supervisor)->snapshot().slots_busy.has_value(); }));
  const Snapshot now = (*supervisor)->snapshot();
  EXPECT_EQ(now.state, State::ready);
  EXPECT_EQ(now.build, "b7");
  EXPECT_EQ(now.commit, "abc");
  EXPECT_EQ(now.slots, 2);
  EXPECT_EQ(now.slots_busy, 1);
  EXPECT_EQ(now.requests_deferred, 3);
  EXPECT_EQ(now.flash_attention, true);
  EXPECT_EQ(now.models, (std::vector<std::string>{"m", "n"}));
  (*supervisor)->drain_and_stop(0);
  EXPECT_EQ((*supervisor)->snapshot().state, State::stopped);
  EXPECT_NE(::kill(static_cast<pid_t>(now.pid), 0), 0);
  EXPECT_EQ(log.kinds(), (std::vector<std::string>{"start", "ready", "stop"}));
}

TEST(SupervisorTest, RestartsUntilTheLimit) {
  EventLog log;
  SupervisorOptions options = quick();
  options.restart_limit = 3;
  auto supervisor = Supervisor::start(launch_self(6), options, into(log));
  ASSERT_TRUE(supervisor);
  EXPECT_TRUE(eventually([&] { return (*supervisor)->snapshot().state == State::failed; }));
  EXPECT_EQ(log.count("restart"), 3);
  EXPECT_EQ(log.count("start"), 4);
  // The state says so first, then the event: whoever asks for the state may be faster.
  EXPECT_TRUE(eventually([&] { return log.count("give_up") == 1; }));
  EXPECT_FALSE((*supervisor)->wait_ready(0));
  EXPECT_NE((*supervisor)->snapshot().error.find("gave up after 3 restarts"), std::string::npos);
}

TEST(SupervisorTest, FirstStartThatFailsIsFinal) {
  EventLog log;
  Launch launch = launch_self(0);
  launch.binary = "/no/such/llama-server";
  auto supervisor = Supervisor::start(std::move(launch), quick(), into(log));
  ASSERT_TRUE(supervisor);
  const auto ready = (*supervisor)->wait_ready(10'000);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, ErrorCode::not_found);
  EXPECT_EQ(log.count("restart"), 0);
}

TEST(SupervisorTest, FlashAttentionIsSaidToOlderReleasesToo) {
  EventLog log;
  Launch launch = launch_self(0);
  launch.arguments = {"--flash-attn", "on", "--slots"};
  auto supervisor = Supervisor::start(std::move(launch), quick(), into(log));
  ASSERT_TRUE(supervisor);
  const auto ready = (*supervisor)->wait_ready(10'000);
  ASSERT_TRUE(ready) << ready.error().message;
  EXPECT_TRUE(*ready);
  EXPECT_EQ(log.count("start"), 2);
  EXPECT_EQ(log.count("give_up"), 0);
}

TEST(LaunchTest, OnlyTheRefusedFlagBecomesAVariable) {
  Launch launch;
  launch.arguments = {"--ctx-size", "4096", "--flash-attn", "off"};
  EXPECT_FALSE(launch.say_flash_attention_by_variable("on"));
  EXPECT_EQ(launch.arguments.size(), 4u);
  EXPECT_TRUE(launch.say_flash_attention_by_variable("off"));
  EXPECT_EQ(launch.arguments, (std::vector<std::string>{"--ctx-size", "4096"}));
  EXPECT_EQ(launch.environment["LLAMA_ARG_FLASH_ATTN"], "0");
  EXPECT_FALSE(launch.say_flash_attention_by_variable("off"));
}

TEST(SupervisorTest, HangIsKilledAndRestarted) {
  EventLog log;
  SupervisorOptions options = quick();
  options.hang_timeout_ms = 200;
  options.probe_timeout_ms = 50;
  auto supervisor = Supervisor::start(launch_self(0), options, into(log));
  ASSERT_TRUE(supervisor);
  ASSERT_TRUE((*supervisor)->wait_ready(10'000));
  ::kill(static_cast<pid_t>((*supervisor)->snapshot().pid), SIGSTOP);
  EXPECT_TRUE(eventually([&] { return log.count("hang") >= 1 && log.count("ready") >= 2; }));
}

TEST(SupervisorTest, DrainsOnlyAsLongAsThereIsSomethingToDrain) {
  EventLog log;
  std::atomic<std::int64_t> outstanding{1};
  SupervisorCallbacks callbacks = into(log);
  callbacks.outstanding = [&outstanding] { return outstanding.load(); };
  auto supervisor = Supervisor::start(launch_self(0), quick(), std::move(callbacks));
  ASSERT_TRUE(supervisor);
  ASSERT_TRUE((*supervisor)->wait_ready(10'000));
  std::thread stopper([&] { (*supervisor)->drain_and_stop(60'000); });
  EXPECT_TRUE(eventually([&] { return (*supervisor)->snapshot().state == State::draining; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ((*supervisor)->snapshot().state, State::draining);  // one request is still running
  outstanding = 0;
  stopper.join();
  EXPECT_EQ((*supervisor)->snapshot().state, State::stopped);
}

TEST(SupervisorTest, StopWhileItStarts) {
  for (int pause_ms = 0; pause_ms < 10; ++pause_ms) {
    EventLog log;
    auto supervisor = Supervisor::start(launch_self(0), quick(), into(log));
    ASSERT_TRUE(supervisor);
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
    supervisor->reset();
    EXPECT_EQ(log.count("crash"), 0) << pause_ms;
  }
}

TEST(WatcherTest, UpDownUp) {
  EventLog log;
  WatcherOptions options;
  options.health_interval_ms = options.down_interval_ms = options.sample_interval_ms = 10;
  WatcherCallbacks callbacks;
  callbacks.on_event = [&log](const Event& event) { log.add(event); };
  auto launch = launch_self(0);
  const BaseUrl url{launch.endpoint(), "", "unix"};
  auto supervisor = Supervisor::start(launch, quick(), {});
  ASSERT_TRUE(supervisor);
  ASSERT_TRUE((*supervisor)->wait_ready(10'000));
  const auto watcher = Watcher::start(url, options, std::move(callbacks));
  EXPECT_TRUE(eventually([&] { return watcher->snapshot().state == State::ready; }));
  EXPECT_EQ(watcher->snapshot().kind, Kind::llama_cpp);
  supervisor->reset();
  EXPECT_TRUE(eventually([&] { return watcher->snapshot().state == State::down; }));
  supervisor = Supervisor::start(launch, quick(), {});
  EXPECT_TRUE(eventually([&] { return watcher->snapshot().state == State::ready; }));
  EXPECT_TRUE(eventually([&] { return log.count("up") == 2; }));
  EXPECT_EQ(log.kinds(), (std::vector<std::string>{"up", "down", "up"}));
}

}  // namespace
}  // namespace llt::engine
