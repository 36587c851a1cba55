// Deletion by age and by size while the store is in use.

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>

#include "base/clock.h"
#include "store/test_support.h"

namespace llt::store {
namespace {

using testing::ask;
using testing::must_open;
using testing::request;
using testing::TempDir;

constexpr std::int64_t kSecond = 1'000'000'000;

/// Waits for an answer, as maintenance runs when it runs.
bool becomes(Reader& store, std::string_view sql, std::string_view answer, int seconds = 15) {
  for (int i = 0; i < seconds * 20; ++i) {
    if (ask(store, sql) == answer) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

TEST(Retention, DeletesByAgeInEveryTable) {
  const TempDir dir;
  Options options;
  options.retention_seconds = 3600;
  options.maintenance_interval_ms = 100;
  auto store = must_open(dir.path(), options);
  const std::int64_t now = now_unix();
  for (const std::int64_t age : {10, 3000, 4000, 100'000}) {
    const std::int64_t at = now - age * kSecond;
    store->append(request(age, at));
    SpanRow span;
    span.trace_id = "t", span.span_id = "s", span.name = "n", span.kind = "SERVER",
    span.status_code = "UNSET";
    span.service_name = "svc", span.start_unix_ns = at;
    store->append(std::move(span));
    EventRow event;
    event.unix_ns = at, event.kind = "k", event.severity = "info";
    store->append(std::move(event));
    MetricRow metric;
    metric.unix_ns = at, metric.name = "m";
    store->append(std::move(metric));
  }
  ASSERT_TRUE(store->flush(5000));
  EXPECT_TRUE(becomes(*store, "SELECT count(*) FROM requests", "2"))
      << ask(*store, "SELECT total_ns FROM requests");
  EXPECT_TRUE(becomes(
      *store,
      "SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM events), (SELECT count(*) FROM metrics)",
      "2,2,2"));
  EXPECT_EQ(ask(*store, "SELECT total_ns FROM requests ORDER BY 1"), "10\n3000");
  for (int i = 0; i < 100 && store->health().oldest_unix_ns == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_NEAR(static_cast<double>(store->health().oldest_unix_ns), static_cast<double>(now - 3600 * kSecond),
              60e9);
}

TEST(Retention, ShortLimitsHoldQuickly) {
  const TempDir dir;
  Options options;
  options.retention_seconds = 2;
  auto store = must_open(dir.path(), options);
  store->append(request(1, now_unix()));
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(ask(*store, "SELECT count(*) FROM requests"), "1");
  EXPECT_TRUE(becomes(*store, "SELECT count(*) FROM requests", "0", 10));
}

TEST(Retention, HoldsTheSizeLimitAndKeepsTheNewest) {
  const TempDir dir;
  Options options;
  options.retention_seconds = 0;
  options.max_bytes = 24ull * 1024 * 1024;
  options.maintenance_interval_ms = 200;
  auto store = must_open(dir.path(), options);
  std::mt19937_64 random(7);
  std::int64_t number = 0;
  std::uint64_t largest = 0;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 5000; ++i, ++number) {
      RequestRow row = request(number, number);
      std::string noise;
      for (int k = 0; k < 40; ++k) noise += std::to_string(random());
      row.request_content = std::move(noise);
      store->append(std::move(row));
    }
    ASSERT_TRUE(store->flush(30'000));
    EXPECT_EQ(ask(*store, "SELECT max(total_ns) FROM requests"), std::to_string(number - 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    largest = std::max(largest, store->health().disk_bytes);
  }
  const std::string used = "SELECT block_size * used_blocks FROM pragma_database_size()";
  bool small = false;
  for (int i = 0; i < 200 && !small; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    small = std::stoull(ask(*store, used)) <= options.max_bytes;
  }
  EXPECT_TRUE(small) << ask(*store, used);
  // Free blocks that are not at the end stay in the file and are used again.
  EXPECT_LE(store->health().disk_bytes, 2 * options.max_bytes);
  // 30 rounds wrote about 110 MB; between two looks the file may grow beyond the limit, but not without end.
  EXPECT_LT(largest, 4 * options.max_bytes);
  // What is left is the newest rows without a gap, and most of what the limit allows.
  EXPECT_EQ(ask(*store, "SELECT max(total_ns) - min(total_ns) + 1 = count(*), count(*) > 8000 FROM requests"),
            "true,true")
      << ask(*store, "SELECT min(total_ns), max(total_ns), count(*) FROM requests");
  EXPECT_GT(store->health().oldest_unix_ns, 0);
}

}  // namespace
}  // namespace llt::store
