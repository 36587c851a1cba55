// kill -9 at random moments, and a disk that fills up and empties again.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/losses.h"
#include "store/test_support.h"

namespace llt::store {
namespace {

using testing::ask;
using testing::keep_all;
using testing::must_open;
using testing::request;
using testing::TempDir;

/// Appends numbered rows until killed; writes the time and number of each row to a pipe before it appends it.
[[noreturn]] void append_until_killed(const std::filesystem::path& dir, std::int64_t first, int pipe) {
  auto store = must_open(dir, [] {
    Options options = keep_all();
    options.flush_interval_ms = Options{}.flush_interval_ms;
    return options;
  }());
  for (std::int64_t number = first;; ++number) {
    const std::int64_t note[2] = {now_steady(), number};
    if (::write(pipe, note, sizeof note) != sizeof note) ::_exit(1);
    store->append(request(number));
    if (number % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

struct Killed {
  std::int64_t appended = 0;        ///< highest number that was appended
  std::int64_t older_than_1s = -1;  ///< highest number appended at least a second before the end
};

Killed run_and_kill(const std::filesystem::path& dir, std::int64_t first, int after_ms) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    append_until_killed(dir, first, pipe[1]);
  }
  ::close(pipe[1]);
  std::vector<std::pair<SteadyNs, std::int64_t>> notes;
  std::thread killer;
  std::int64_t note[2];
  while (::read(pipe[0], note, sizeof note) == sizeof note) {
    if (notes.empty()) {
      killer = std::thread([child, after_ms] {
        std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
        ::kill(child, SIGKILL);
      });
    }
    notes.emplace_back(note[0], note[1]);
  }
  if (killer.joinable()) killer.join();
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  Killed result;
  if (notes.empty()) {
    ADD_FAILURE() << "the child appended nothing";
    return result;
  }
  const SteadyNs end = notes.back().first;
  for (const auto& [at, number] : notes) {
    result.appended = number;
    if (at <= end - 1'000'000'000) result.older_than_1s = number;
  }
  return result;
}

TEST(Durability, KillAtAnyMomentLosesAtMostTheLastSecond) {
  const TempDir dir;
  std::mt19937 random(42);
  std::int64_t next = 0;
  std::uniform_int_distribution<int> life_ms(0, 2600);
  for (int round = 0; round < 8; ++round) {
    const Killed killed = run_and_kill(dir.path(), next, life_ms(random));
    auto reader = open_read_only(dir.path());  // replays the log without writing
    ASSERT_TRUE(reader) << reader.error().message;
    const auto seen = ask(**reader,
                          "SELECT count(*), count(DISTINCT total_ns), coalesce(max(total_ns), -1) FROM "
                          "requests WHERE total_ns >= " +
                              std::to_string(next));
    std::int64_t count = 0, distinct = 0, highest = -1;
    ASSERT_EQ(std::sscanf(seen.c_str(), "%ld,%ld,%ld", &count, &distinct, &highest), 3) << seen;
    EXPECT_EQ(count, distinct) << "a row is there twice";
    EXPECT_EQ(count, highest < 0 ? 0 : highest - next + 1) << "a row in between is missing";
    EXPECT_GE(highest, killed.older_than_1s) << "round " << round;
    EXPECT_LE(highest, killed.appended);
    next = killed.appended + 1;
  }
  auto store = must_open(dir.path(), keep_all());
  EXPECT_EQ(ask(*store, "SELECT count(*) = count(DISTINCT total_ns) FROM requests"), "true");
}

/// A small file system of its own, where that is allowed.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size) {
    mounted_ = ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, size) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] std::filesystem::path path() const { return dir_.path(); }

  /// Takes all the space that is left.
  void fill() const {
    const int fd = ::open((path() / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(64 * 1024, 'x');
    std::size_t step = block.size();
    while (step > 0) {
      if (::write(fd, block.data(), step) < 0) step /= 2;
    }
    ::close(fd);
  }
  void empty() const { std::filesystem::remove(path() / "filler"); }

 private:
  TempDir dir_;
  bool mounted_ = false;
};

bool reaches(const Store& store, State state, int seconds = 20) {
  for (int i = 0; i < seconds * 50; ++i) {
    if (store.health().state == state) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

TEST(Durability, FullDiskStopsStoringAndSpaceResumesIt) {
  const SmallDisk disk("size=64m");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs needs root";
  Options options = keep_all();
  options.queue_bytes = 4 * 1024 * 1024;
  options.retry_interval_ms = 100;
  auto store = must_open(disk.path() / "data", options);
  std::int64_t number = 0;
  const auto append = [&](int rows) {
    for (int i = 0; i < rows; ++i) store->append(request(number++));
  };
  append(100);
  ASSERT_TRUE(store->flush(5000));
  for (int round = 0; round < 3; ++round) {
    disk.fill();
    for (int i = 0; i < 100 && store->health().state == State::storing; ++i) {
      append(200);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ASSERT_TRUE(reaches(*store, State::disk_full)) << store->health().message;
    EXPECT_NE(store->health().message.find("full"), std::string::npos) << store->health().message;
    EXPECT_EQ(ask(*store, "SELECT min(total_ns) FROM requests"), "0") << "queries must go on";
    const auto dropped = loss_count(Loss::store_requests_dropped);
    append(8000);  // more than the queue holds
    EXPECT_GT(loss_count(Loss::store_requests_dropped), dropped);
    EXPECT_FALSE(store->flush(1000));
    disk.empty();
    ASSERT_TRUE(reaches(*store, State::storing)) << store->health().message;
    append(100);
    ASSERT_TRUE(store->flush(10'000)) << store->health().message;
  }
  const auto lost = static_cast<std::int64_t>(store->health().rows_dropped);
  EXPECT_EQ(ask(*store, "SELECT count(*), count(DISTINCT total_ns) FROM requests"),
            std::to_string(number - lost) + "," + std::to_string(number - lost));
  EXPECT_EQ(ask(*store, "SELECT count(*) FROM events WHERE kind = 'store.recovered'"), "3");
  EXPECT_EQ(ask(*store, "SELECT count >= " + std::to_string(lost) +
                            " FROM losses WHERE name = 'store_requests_dropped'"),
            "true");
  store.reset();
  auto reader = open_read_only(disk.path() / "data");
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(ask(**reader, "SELECT count(*) FROM requests"), std::to_string(number - lost));
}

RequestRow large_request(std::int64_t number, std::mt19937_64& random) {
  RequestRow row = request(number);
  std::string noise;
  for (int n = 0; n < 60; ++n) noise += std::to_string(random());
  row.request_content = std::move(noise);
  return row;
}

/// No file of this process may grow beyond a size: as a full disk, but one that space() does not foresee.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { lift(); }
  void lift() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

/// DuckDB's tables look empty in memory after a checkpoint that failed; that must never be seen, nor last.
TEST(Durability, CheckpointThatFailsLosesNothing) {
  const TempDir dir;
  Options options = keep_all();
  options.retry_interval_ms = 100;
  auto store = must_open(dir.path(), options);
  FileSizeLimit limit(22 * 1024 * 1024);  // enough for the log, not for the database after some checkpoints
  std::mt19937_64 random(3);
  std::int64_t number = 0, seen = 0;
  const auto count = [&] { return ask(*store, "SELECT count(*) FROM requests"); };
  for (int i = 0; i < 1500 && store->health().state == State::storing; ++i) {
    for (int k = 0; k < 40; ++k) store->append(large_request(number++, random));
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
    if (i % 8 != 0) continue;
    const std::string rows = count();
    if (rows.starts_with("error")) continue;  // the database is being opened again
    EXPECT_GE(std::stoll(rows), seen);
    seen = std::stoll(rows);
  }
  ASSERT_TRUE(store->health().state != State::storing || number == 60'000) << number;
  limit.lift();
  ASSERT_TRUE(reaches(*store, State::storing)) << store->health().message;
  store->append(request(number++));
  ASSERT_TRUE(store->flush(20'000)) << store->health().message;
  ASSERT_TRUE(store->flush(20'000)) << store->health().message;
  EXPECT_NE(ask(*store, "SELECT count(*) FROM events WHERE kind = 'store.recovered'"), "0") << number;
  const auto kept = std::to_string(number - static_cast<std::int64_t>(store->health().rows_dropped));
  EXPECT_EQ(count(), kept);
  EXPECT_EQ(ask(*store, "SELECT count(DISTINCT total_ns) FROM requests"), kept);
  store.reset();
  EXPECT_EQ(ask(**open_read_only(dir.path()), "SELECT count(*) FROM requests"), kept);
}

TEST(Durability, DiskThatFillsUpSlowlyKeepsItsRows) {
  const SmallDisk disk("size=56m");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs needs root";
  { std::ofstream(disk.path() / "filler") << std::string(12 * 1024 * 1024, 'x'); }
  Options options = keep_all();
  options.queue_bytes = 16 * 1024 * 1024;
  options.retry_interval_ms = 100;
  auto store = must_open(disk.path() / "data", options);
  std::mt19937_64 random(3);
  std::int64_t number = 0;
  for (int i = 0; i < 600 && store->health().state == State::storing; ++i) {
    for (int k = 0; k < 100; ++k) store->append(large_request(number++, random));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  disk.empty();
  ASSERT_TRUE(reaches(*store, State::storing)) << store->health().message;
  store->append(request(number++));
  ASSERT_TRUE(store->flush(10'000)) << store->health().message;
  const auto kept = std::to_string(number - static_cast<std::int64_t>(store->health().rows_dropped));
  EXPECT_EQ(ask(*store, "SELECT count(*), count(DISTINCT total_ns) FROM requests"), kept + "," + kept);
}

TEST(Durability, FullDiskAtStartIsAnErrorAndNothingIsMovedAside) {
  const SmallDisk disk("size=16m");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs needs root";
  { must_open(disk.path() / "data", keep_all())->append(request(1)); }
  disk.fill();
  auto store = Store::open(disk.path() / "data", keep_all());
  if (!store) {
    EXPECT_EQ(store.error().code, ErrorCode::resource_exhausted) << store.error().message;
  }
  store = fail(ErrorCode::internal, "");
  disk.empty();
  auto again = must_open(disk.path() / "data", keep_all());
  EXPECT_EQ(ask(*again, "SELECT request_id FROM requests"), "r1");
}

}  // namespace
}  // namespace llt::store
