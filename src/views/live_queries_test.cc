// The live page's SQL through the real store: totals must come out where the work happened.

#include "views/live_queries.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "store/store.h"
#include "views/requests_api.h"

namespace llt::views {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr UnixSecond kNow = 1'800'000'000;

class LiveQueries : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "llt-views-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    store::Options options;
    options.retention_seconds = 0;
    options.flush_interval_ms = 20;
    auto opened = store::Store::open(dir_, std::move(options));
    ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
    store_ = std::move(*opened);
  }
  void TearDown() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }

  // Queue 0.5 s, prefill 1 s, decode 2 s from `start`; 100 prompt tokens of which 40 cached, 21 produced.
  static store::RequestRow stream_of(std::string id, std::int64_t start) {
    store::RequestRow row;
    row.request_id = std::move(id);
    row.trace_id = "0123456789abcdef0123456789abcdef";
    row.start_unix_ns = start;
    row.route = "/v1/chat/completions";
    row.operation = "chat";
    row.stream = true;
    row.http_status = 200;
    row.total_ns = 7 * kSecond / 2;
    row.queue_ns = kSecond / 2;
    row.prefill_ns = kSecond;
    row.decode_ns = 2 * kSecond;
    row.ttft_ns = 3 * kSecond / 2;
    row.input_tokens = 100;
    row.cached_tokens = 40;
    row.output_tokens = 21;
    return row;
  }

  void add(store::RequestRow row) {
    store_->append(std::move(row));
    ASSERT_TRUE(store_->flush(5000));
  }

  std::filesystem::path dir_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(LiveQueries, WorkLiesInTheSecondsItTook) {
  add(stream_of("a", kNow * kSecond));
  const auto contributions = read_contributions(*store_, kNow, kNow + 10);
  ASSERT_TRUE(contributions.has_value()) << contributions.error().to_string();
  std::map<UnixSecond, Contribution> at;
  for (const Contribution& one : *contributions) {
    Contribution& sum = at[one.time];
    sum.requests += one.requests;
    sum.queue_seconds += one.queue_seconds;
    sum.prefill_seconds += one.prefill_seconds;
    sum.decode_seconds += one.decode_seconds;
    sum.prefill_tokens += one.prefill_tokens;
    sum.decode_tokens += one.decode_tokens;
  }
  EXPECT_DOUBLE_EQ(at[kNow].queue_seconds, 0.5);
  EXPECT_DOUBLE_EQ(at[kNow].prefill_seconds, 0.5);
  EXPECT_DOUBLE_EQ(at[kNow].prefill_tokens, 30);
  EXPECT_DOUBLE_EQ(at[kNow + 1].prefill_seconds, 0.5);
  EXPECT_DOUBLE_EQ(at[kNow + 1].decode_seconds, 0.5);
  EXPECT_DOUBLE_EQ(at[kNow + 2].decode_seconds, 1);
  EXPECT_DOUBLE_EQ(at[kNow + 2].decode_tokens, 10.5);
  EXPECT_EQ(at[kNow + 3].requests, 1);
  EXPECT_EQ(at[kNow].requests, 0);
}

TEST_F(LiveQueries, EachRequestIsCountedInOneReadingOnly) {
  add(stream_of("a", kNow * kSecond));
  EXPECT_TRUE(read_contributions(*store_, kNow, kNow + 2)->empty());  // ended later
  EXPECT_FALSE(read_contributions(*store_, kNow + 3, kNow + 3)->empty());
  EXPECT_TRUE(read_contributions(*store_, kNow + 4, kNow + 9)->empty());  // ended before
}

TEST_F(LiveQueries, WindowsHoldSixtySeconds) {
  add(stream_of("a", kNow * kSecond));  // ends in kNow + 3
  const auto windows = read_windows(*store_, kNow, kNow + 100, 1);
  ASSERT_TRUE(windows.has_value()) << windows.error().to_string();
  EXPECT_EQ(windows->size(), 60u);
  for (const WindowStatistics& window : *windows) {
    EXPECT_GE(window.time, kNow + 3);
    EXPECT_LE(window.time, kNow + 62);
    EXPECT_DOUBLE_EQ(window.ttft_ms.p50.value(), 1500);
    EXPECT_DOUBLE_EQ(window.time_per_output_token_ms.p99.value(), 100);
    EXPECT_DOUBLE_EQ(window.cache_hit_ratio.value(), 0.4);
  }
}

TEST_F(LiveQueries, UnknownStaysUnknown) {
  store::RequestRow row = stream_of("a", kNow * kSecond);
  row.ttft_ns.reset();
  row.cached_tokens.reset();
  row.output_tokens.reset();
  row.queue_ns.reset();
  add(std::move(row));
  const auto windows = read_windows(*store_, kNow + 3, kNow + 3, 1);
  ASSERT_EQ(windows->size(), 1u);
  EXPECT_FALSE(windows->front().ttft_ms.p50.has_value());
  EXPECT_FALSE(windows->front().time_per_output_token_ms.p50.has_value());
  EXPECT_FALSE(windows->front().cache_hit_ratio.has_value());
}

TEST_F(LiveQueries, RoutesThatAreOnlyTimedAreLeftOut) {
  store::RequestRow row = stream_of("a", kNow * kSecond);
  row.operation.reset();
  add(std::move(row));
  EXPECT_TRUE(read_contributions(*store_, kNow, kNow + 10)->empty());
  EXPECT_EQ(*read_newest_requests(*store_, 0, 10), "[]");
}

TEST_F(LiveQueries, OneRequestWithItsPhases) {
  add(stream_of("it's", kNow * kSecond));
  const Reply reply = describe_request(*store_, "it's");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_NE(reply.body.find(R"({"name":"queue","duration_ns":500000000})"), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find(R"({"name":"receive","duration_ns":null})"), std::string::npos) << reply.body;
  EXPECT_EQ(describe_request(*store_, "its").status, 404u);
}

TEST_F(LiveQueries, ListsPageByPage) {
  for (int i = 0; i < 5; ++i) add(stream_of("r" + std::to_string(i), (kNow + i) * kSecond));
  const Reply first = list_requests(*store_, *Target::parse("/x?limit=2"));
  EXPECT_EQ(first.status, 200u);
  EXPECT_NE(first.body.find("\"next_before\":" + std::to_string((kNow + 3) * kSecond)), std::string::npos);
  const Reply last =
      list_requests(*store_, *Target::parse("/x?limit=2&before=" + std::to_string((kNow + 1) * kSecond)));
  EXPECT_NE(last.body.find("\"next_before\":null"), std::string::npos);
  EXPECT_EQ(list_requests(*store_, *Target::parse("/x?limit=0")).status, 400u);
}

}  // namespace
}  // namespace llt::views
