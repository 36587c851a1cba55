// Databases and logs with bytes changed or cut off: the store opens, keeping what was there aside.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "base/log.h"
#include "store/test_support.h"

namespace llt::store {
namespace {

using testing::ask;
using testing::keep_all;
using testing::must_open;
using testing::request;
using testing::TempDir;

/// A store with rows in its database and, as after kill -9, rows in its log only.
void make_killed_store(const std::filesystem::path& dir) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = must_open(dir, keep_all());
    for (int i = 0; i < 3000; ++i) store->append(request(i));
    store->close();
    store.reset();
    store = must_open(dir, keep_all());
    for (int i = 0; i < 100; ++i) store->append(request(i));
    ::_exit(store->flush(5000) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
}

/// Opens, writes and reads in a process of its own, so that a crash of DuckDB is seen as one.
int open_and_use(const std::filesystem::path& dir) {
  const pid_t child = ::fork();
  if (child == 0) {
    spdlog::set_level(spdlog::level::off);
    auto store = Store::open(dir, keep_all());
    if (!store) ::_exit(2);
    (*store)->append(request(77'777));
    if (!(*store)->flush(10'000)) ::_exit(3);
    ::_exit(ask(**store, "SELECT count(*) FROM requests WHERE total_ns = 77777") == "1" ? 0 : 4);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void overwrite(const std::filesystem::path& file, std::uint64_t at, std::string_view bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class Damage : public ::testing::TestWithParam<const char*> {};

TEST_P(Damage, OpensWhateverBytesChanged) {
  const TempDir original;
  make_killed_store(original.path());
  const std::string name = GetParam();
  const auto size = std::filesystem::file_size(original.path() / name);
  ASSERT_GT(size, 1000u);
  std::mt19937_64 random(11);
  for (int trial = 0; trial < 12; ++trial) {
    const TempDir copy;
    for (const char* file : {"telemetry.duckdb", "telemetry.duckdb.wal"}) {
      std::filesystem::copy_file(original.path() / file, copy.path() / file);
    }
    const bool cut = trial % 4 == 3;
    const auto at = trial < 3 ? random() % 12'288 % size : random() % size;
    if (cut) {
      std::filesystem::resize_file(copy.path() / name, at);
    } else {
      overwrite(copy.path() / name, at,
                std::string(1 + static_cast<std::size_t>(trial) * 7, static_cast<char>(random())));
    }
    EXPECT_EQ(open_and_use(copy.path()), 0)
        << name << (cut ? " cut at " : " changed at ") << at << " of " << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Damage, ::testing::Values("telemetry.duckdb", "telemetry.duckdb.wal"),
                         [](const auto& part) { return part.index == 0 ? "Database" : "Log"; });

}  // namespace
}  // namespace llt::store
