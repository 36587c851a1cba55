// The live page's SQL through the real store: totals must come out where the work happened.

#include "views/live_queries.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/clock.h"
#include "store/test_support.h"
#include "views/gpu_curves.h"
#include "views/heatmap_api.h"
#include "views/json_rows.h"
#include "views/range_api.h"
#include "views/requests_api.h"

namespace llt::views {
namespace {

constexpr UnixSecond kNow = 1'800'000'000;

class LiveQueries : public ::testing::Test {
 protected:
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
    row.total_ns = 7 * kNsPerS / 2;
    row.queue_ns = kNsPerS / 2;
    row.prefill_ns = kNsPerS;
    row.decode_ns = 2 * kNsPerS;
    row.ttft_ns = 3 * kNsPerS / 2;
    row.input_tokens = 100;
    row.cached_tokens = 40;
    row.output_tokens = 21;
    return row;
  }

  void add(store::RequestRow row) {
    store_->append(std::move(row));
    ASSERT_TRUE(store_->flush(5000));
  }

  store::testing::TempDir dir_;
  std::unique_ptr<store::Store> store_ = store::testing::must_open_for_ever(dir_.path());
};

TEST_F(LiveQueries, WorkLiesInTheSecondsItTook) {
  add(stream_of("a", kNow * kNsPerS));
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
  add(stream_of("a", kNow * kNsPerS));
  EXPECT_TRUE(read_contributions(*store_, kNow, kNow + 2)->empty());  // ended later
  EXPECT_FALSE(read_contributions(*store_, kNow + 3, kNow + 3)->empty());
  EXPECT_TRUE(read_contributions(*store_, kNow + 4, kNow + 9)->empty());  // ended before
}

TEST_F(LiveQueries, WindowsHoldSixtySeconds) {
  add(stream_of("a", kNow * kNsPerS));  // ends in kNow + 3
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

TEST_F(LiveQueries, AdjacentWindowsAreThoseOfTheJoin) {
  for (int i = 0; i < 40; ++i) store_->append(stream_of("a" + std::to_string(i), (kNow + 7 * i) * kNsPerS));
  ASSERT_TRUE(store_->flush(5000));
  const UnixSecond last = (kNow + 300) / 60 * 60 - 1;
  const auto adjacent = read_windows(*store_, last - 239, last, 60, 60);
  const auto joined = read_windows(*store_, last - 240, last - 1, 60, 60);  // ends that are no multiples
  ASSERT_EQ(adjacent->size(), 4u);
  EXPECT_EQ(joined->size(), 4u);
  std::set<UnixSecond> times;
  for (const WindowStatistics& window : *adjacent) {
    times.insert(window.time);
    EXPECT_DOUBLE_EQ(window.cache_hit_ratio.value(), 0.4);
  }
  EXPECT_EQ(times, (std::set<UnixSecond>{last - 180, last - 120, last - 60, last}));
}

TEST_F(LiveQueries, UnknownStaysUnknown) {
  store::RequestRow row = stream_of("a", kNow * kNsPerS);
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
  store::RequestRow row = stream_of("a", kNow * kNsPerS);
  row.operation.reset();
  add(std::move(row));
  EXPECT_TRUE(read_contributions(*store_, kNow, kNow + 10)->empty());
  EXPECT_EQ(*read_newest_requests(*store_, 0, 10), "[]");
}

TEST_F(LiveQueries, OneRequestWithItsPhases) {
  add(stream_of("it's", kNow * kNsPerS));
  const Reply reply = describe_request(*store_, "it's");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_NE(reply.body.find(R"({"name":"queue","duration_ns":500000000})"), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find(R"({"name":"receive","duration_ns":null})"), std::string::npos) << reply.body;
  EXPECT_EQ(describe_request(*store_, "its").status, 404u);
}

TEST_F(LiveQueries, ListsPageByPage) {
  for (int i = 0; i < 5; ++i) add(stream_of("r" + std::to_string(i), (kNow + i) * kNsPerS));
  const Reply first = list_requests(*store_, *Target::parse("/x?limit=2"));
  EXPECT_EQ(first.status, 200u);
  EXPECT_NE(first.body.find("\"next_before\":" + std::to_string((kNow + 3) * kNsPerS)), std::string::npos);
  const Reply last =
      list_requests(*store_, *Target::parse("/x?limit=2&before=" + std::to_string((kNow + 1) * kNsPerS)));
  EXPECT_NE(last.body.find("\"next_before\":null"), std::string::npos);
  EXPECT_EQ(list_requests(*store_, *Target::parse("/x?limit=0")).status, 400u);
}

TEST_F(LiveQueries, ARangeHoldsRatesPerSecond) {
  add(stream_of("a", kNow * kNsPerS));
  const std::string range = "/x?from=" + std::to_string(kNow) + "&to=" + std::to_string(kNow + 60);
  const auto sum_of = [this](const std::string& target, const char* column) {
    const Json document = Json::parse(curves_of_range(*store_, *Target::parse(target)).body);
    const auto at = static_cast<std::size_t>(std::ranges::find(document["columns"], column) -
                                             document["columns"].begin());
    double sum = 0;
    for (const Json& row : document["rows"]) sum += row[at].get<double>() * document["step"].get<double>();
    return sum;
  };
  for (const char* step : {"", "&step=1", "&step=10", "&step=60"}) {
    EXPECT_NEAR(sum_of(range + step, "requests"), 1, 1e-6) << step;
    EXPECT_NEAR(sum_of(range + step, "decode_seconds"), 2, 1e-6) << step;
    EXPECT_NEAR(sum_of(range + step, "prefill_tokens"), 60, 0.1) << step;
  }
  for (const char* bad :
       {"/x", "/x?from=1", "/x?from=5&to=5", "/x?from=0&to=99999999999", "/x?from=0&to=86400&step=1"}) {
    EXPECT_EQ(curves_of_range(*store_, *Target::parse(bad)).status, 400u) << bad;
  }
}

TEST_F(LiveQueries, StepsSayWhoIsInWhichSlot) {
  const auto step = [this](std::uint64_t number, std::int64_t start, std::uint32_t prefill,
                           std::uint32_t decode) {
    store::StepRow row;
    row.engine_id = 1;
    row.step = number;
    row.start_unix_ns = start;
    row.return_ns = 20'000'000;
    row.operation = "decode";
    row.sequences = 1;
    row.prefill_tokens = prefill;
    row.decode_tokens = decode;
    store_->append(std::move(row));
    store::StepMemberRow member;
    member.engine_id = 1;
    member.step = number;
    member.turn = 9;
    member.start_unix_ns = start;
    member.slot = 2;
    member.prefill_tokens = prefill;
    member.decode_tokens = decode;
    member.last_position = static_cast<std::int32_t>(number);
    store_->append(std::move(member));
  };
  step(1, kNow * kNsPerS, 64, 0);
  step(2, kNow * kNsPerS + kNsPerS / 2, 0, 1);
  step(3, (kNow + 5) * kNsPerS, 0, 1);
  ASSERT_TRUE(store_->flush(5000));
  const auto seconds = read_step_seconds(*store_, kNow, kNow + 9);
  ASSERT_EQ(seconds->size(), 2u);
  const auto turns = read_turns(*store_, kNow * kNsPerS, (kNow + 6) * kNsPerS, 10);
  const Json all = Json::parse(turns->all);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["slot"], 2);
  EXPECT_EQ(all[0]["prefill_tokens"], 64);
  EXPECT_EQ(all[0]["decode_tokens"], 2);
  EXPECT_EQ(all[0]["position"], 3);
  EXPECT_EQ(all[0]["over"], false);
  EXPECT_DOUBLE_EQ(all[0]["decode_start"], kNow * 1000.0 + 500);
  EXPECT_EQ(turns->fresh, "[]");
  const auto steps = read_newest_steps(*store_, (kNow - 1) * kNsPerS, (kNow + 4) * kNsPerS, 2);
  EXPECT_EQ(Json::parse(steps->all).size(), 2u);
  EXPECT_EQ(Json::parse(steps->fresh).size(), 1u);
}

std::vector<std::string> ids_of(const Reply& reply) {
  std::vector<std::string> ids;
  const Json document = Json::parse(reply.body);
  for (const Json& row : document["requests"]) ids.push_back(row["request_id"]);
  return ids;
}

TEST_F(LiveQueries, EverySortIsPagedWithoutGapsOrRepeats) {
  for (int i = 0; i < 9; ++i) {
    store::RequestRow row = stream_of("r" + std::to_string(i), (kNow + i / 3) * kNsPerS);  // equal starts
    if (i % 2 == 0) row.ttft_ns.reset();
    row.output_tokens = 20 + i % 4;
    row.stream = i % 3 == 0;
    row.model = i == 5 ? std::nullopt : std::optional<std::string>(i % 2 ? "it's" : "plain");
    store_->append(std::move(row));
  }
  ASSERT_TRUE(store_->flush(5000));
  for (const char* column : {"start_unix_ns", "ttft_ns", "tpot_ns", "model", "stream", "tokens_per_second"}) {
    for (const char* direction : {"", "-"}) {
      std::vector<std::string> paged;
      Json next = nullptr;
      do {
        Target target = *Target::parse(std::string("/x?limit=2&columns=route&sort=") + direction + column);
        if (next.is_string()) target.parameters.emplace_back("after", next.get<std::string>());
        const Reply reply = list_requests(*store_, target);
        ASSERT_EQ(reply.status, 200u) << reply.body;
        for (std::string& id : ids_of(reply)) paged.push_back(std::move(id));
        next = Json::parse(reply.body)["next"];
      } while (next.is_string() && paged.size() < 20);
      const Reply whole =
          list_requests(*store_, *Target::parse(std::string("/x?sort=") + direction + column));
      EXPECT_EQ(paged, ids_of(whole)) << direction << column;
      EXPECT_EQ(paged.size(), 9u);
    }
  }
}

TEST_F(LiveQueries, HeatmapCountsEveryRequestOnce) {
  for (int i = 0; i < 5; ++i) {
    store::RequestRow row = stream_of("r" + std::to_string(i), (kNow + 60 * i) * kNsPerS);
    row.total_ns = (i + 1) * kNsPerS;
    if (i == 4) row.error_type = "timeout";
    if (i == 3) row.ttft_ns.reset();
    store_->append(std::move(row));
  }
  ASSERT_TRUE(store_->flush(5000));
  const Json map = Json::parse(request_heatmap(*store_, *Target::parse("/x?x=4&y=3")).body);
  std::int64_t counted = 0;
  std::int64_t failed = 0;
  for (const Json& cell : map["cells"]) {
    EXPECT_TRUE(cell[0] >= 0 && cell[0] < 4 && cell[1] >= 0 && cell[1] < 3) << cell;
    counted += cell[2].get<std::int64_t>();
    failed += cell[3].get<std::int64_t>();
  }
  EXPECT_EQ(counted, 5);
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(map["dots"].size(), 5u);
  EXPECT_DOUBLE_EQ(map["p50"], 3.0 * kNsPerS);
  const Json first = Json::parse(request_heatmap(*store_, *Target::parse("/x?metric=ttft_ns")).body);
  EXPECT_EQ(first["known"], 4);
  const Json none = Json::parse(request_heatmap(*store_, *Target::parse("/x?model=none")).body);
  EXPECT_EQ(none["count"], 0);
  EXPECT_EQ(request_heatmap(*store_, *Target::parse("/x?metric=model")).status, 400u);
}

TEST_F(LiveQueries, GpuCurvesTellWhatIsKnownOnly) {
  const auto sample = [&](std::uint16_t gpu, std::int64_t at, double use,
                          std::optional<std::uint64_t> memory) {
    store::GpuSampleRow row;
    row.unix_ns = at;
    row.gpu = gpu;
    row.utilization = use;
    row.memory_used_bytes = memory;
    row.temperature_celsius = 40 + use * 10;
    store_->append(std::move(row));
  };
  const auto process = [&](std::uint16_t gpu, std::string role, std::optional<std::uint64_t> memory) {
    store::GpuProcessRow row;
    row.unix_ns = kNow * kNsPerS + 5;
    row.gpu = gpu;
    row.role = std::move(role);
    row.memory_bytes = memory;
    store_->append(std::move(row));
  };
  const std::int64_t begin = kNow * kNsPerS;
  sample(0, begin, 0.2, 3000);
  sample(0, begin + kNsPerS / 2, 0.6, 5000);
  sample(0, begin + kNsPerS, 0, 1000);
  sample(1, begin + 1, 0, std::nullopt);
  ASSERT_TRUE(store_->flush(5000));
  auto points = read_gpu_points(*store_, kNow, kNow + 9);
  ASSERT_EQ(points->size(), 3u);
  EXPECT_EQ(points->front().engine_bytes, std::nullopt) << "a driver that tells of no process does not say 0";

  process(0, "engine", 2500);
  process(0, "stranger", 100);
  process(1, "analytics", std::nullopt);
  ASSERT_TRUE(store_->flush(5000));
  points = read_gpu_points(*store_, kNow, kNow + 9);
  EXPECT_EQ(gpu_rows_json(*points),
            fmt::format("[[{0},0,0.4,null,46,4000,2500,0],[{0},1,0,null,40,null,null,null],"
                        "[{1},0,0,null,40,1000,2500,0]]",
                        kNow, kNow + 1))
      << "the second that no reading of the processes fell into has the one before";
  const auto coarse = read_gpu_points(*store_, kNow, kNow + 9, 10);
  ASSERT_EQ(coarse->size(), 2u);
  EXPECT_EQ(coarse->front().engine_bytes, 2500) << "a mean over readings, not over time";

  GpuCurves curves(1);
  curves.put(*points);
  EXPECT_EQ(curves.after(0).size(), 1u) << "what is older than it holds is gone";
  EXPECT_TRUE(curves.after(kNow + 1).empty());
}

}  // namespace
}  // namespace llt::views
