#include "telemetry/phases.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "telemetry/test_records.h"

namespace llt::telemetry {
namespace {

using testing::kMs;
using testing::plain_chat;
using testing::streamed_chat;

void expect_exact_sums(const RequestRecord& record, const PhaseBreakdown& p) {
  EXPECT_EQ(p.receive + p.gateway + p.connect + p.client + p.upstream, p.total);
  EXPECT_EQ(p.queue.value_or(0) + p.prefill.value_or(0) + p.decode.value_or(0) + p.unattributed, p.upstream);
  EXPECT_EQ(p.total, record.finished - record.first_byte);
}

TEST(Phases, StreamWithProgressTakesTheClockAsItIs) {
  const RequestRecord record = streamed_chat();
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.rule, PhaseRule::progress);
  EXPECT_EQ(p.receive, 1 * kMs);
  EXPECT_EQ(p.gateway, 2 * kMs);
  EXPECT_EQ(p.connect, 3 * kMs);
  EXPECT_EQ(p.client, 5 * kMs);
  EXPECT_EQ(p.queue, 40 * kMs);
  EXPECT_EQ(p.prefill, 60 * kMs);
  EXPECT_EQ(p.decode, 200 * kMs);
  EXPECT_EQ(p.unattributed, 0);
  EXPECT_EQ(p.ttft, 105 * kMs + kMs / 2);
  EXPECT_EQ(p.server_ttft, 100 * kMs);
  EXPECT_FALSE(p.timings_inconsistent);
  expect_exact_sums(record, p);
}

TEST(Phases, StreamWithTimingsOnlySplitsTheWaitByThePromptTime) {
  RequestRecord record = streamed_chat();
  record.slot_start = 0;
  record.response.timings->prompt_ms = 70;
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.rule, PhaseRule::stream_timings);
  EXPECT_EQ(p.prefill, 70 * kMs);
  EXPECT_EQ(p.queue, 30 * kMs);
  EXPECT_EQ(p.decode, 200 * kMs);
  EXPECT_EQ(p.server_ttft, 100 * kMs);
  expect_exact_sums(record, p);
}

TEST(Phases, PromptTimeBeyondTheWaitIsCutAndReported) {
  RequestRecord record = streamed_chat();
  record.slot_start = 0;
  record.response.timings->prompt_ms = 500;
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.prefill, 100 * kMs);
  EXPECT_EQ(p.queue, 0);
  EXPECT_TRUE(p.timings_inconsistent);
  expect_exact_sums(record, p);
}

TEST(Phases, PlainAnswerTakesTheEnginesTimesAndTheRestIsQueue) {
  const RequestRecord record = plain_chat();
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.rule, PhaseRule::plain_timings);
  EXPECT_EQ(p.prefill, 20 * kMs);
  EXPECT_EQ(p.decode, 50 * kMs);
  EXPECT_EQ(p.queue, 28 * kMs);
  EXPECT_EQ(p.server_ttft, 48 * kMs);
  EXPECT_EQ(p.ttft, std::nullopt);
  expect_exact_sums(record, p);
}

TEST(Phases, TimesThatDoNotFitAreCutFromDecodeFirst) {
  RequestRecord record = plain_chat();
  record.response.timings->predicted_ms = 90;
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.prefill, 20 * kMs);
  EXPECT_EQ(p.decode, 78 * kMs);
  EXPECT_EQ(p.queue, 0);
  EXPECT_TRUE(p.timings_inconsistent);
  expect_exact_sums(record, p);
}

TEST(Phases, ARoundingErrorOfTheEngineIsNoInconsistency) {
  RequestRecord record = plain_chat();
  record.response.timings->predicted_ms = 78.004;
  EXPECT_FALSE(break_down(record).timings_inconsistent);
}

TEST(Phases, WithoutEngineEventsTheWaitIsUnattributed) {
  RequestRecord record = streamed_chat();
  record.slot_start = 0;
  record.response.timings.reset();
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.rule, PhaseRule::first_content);
  EXPECT_EQ(p.queue, std::nullopt);
  EXPECT_EQ(p.prefill, std::nullopt);
  EXPECT_EQ(p.decode, 200 * kMs);
  EXPECT_EQ(p.unattributed, 100 * kMs);
  EXPECT_EQ(p.server_ttft, 100 * kMs);
  expect_exact_sums(record, p);
}

TEST(Phases, PlainAnswerWithoutTimingsIsUnattributed) {
  RequestRecord record = plain_chat();
  record.response.timings.reset();
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.rule, PhaseRule::unknown);
  EXPECT_FALSE(p.queue || p.prefill || p.decode || p.server_ttft);
  EXPECT_EQ(p.unattributed, 98 * kMs);
  expect_exact_sums(record, p);
}

TEST(Phases, ClientGoneInPrefillKeepsWhatWasSeen) {
  RequestRecord record = streamed_chat();
  record.first_content = record.first_content_out = record.last_content = record.upstream_done = 0;
  record.response.timings.reset();
  record.phases = PhaseClock{};
  record.phases.start(record.first_byte, Phase::receive);
  record.phases.enter(Phase::queue, record.handed_over);
  record.phases.enter(Phase::prefill, record.slot_start);
  record.finished = record.slot_start + 7 * kMs;
  record.phases.enter(Phase::gateway, record.finished);
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.queue, 40 * kMs);
  EXPECT_EQ(p.prefill, 7 * kMs);
  EXPECT_EQ(p.decode, std::nullopt);
  EXPECT_EQ(p.ttft, std::nullopt);
  EXPECT_EQ(p.server_ttft, std::nullopt);
  expect_exact_sums(record, p);
}

TEST(Phases, ClientGoneInQueueIsQueueOnlyWhenProgressWasAskedFor) {
  RequestRecord record = streamed_chat();
  record.slot_start = record.first_content = record.first_content_out = 0;
  record.last_content = record.upstream_done = 0;
  record.response = ResponseFacts{};
  record.phases = PhaseClock{};
  record.phases.start(record.first_byte, Phase::receive);
  record.phases.enter(Phase::queue, record.handed_over);
  record.finished = record.handed_over + 9 * kMs;
  record.phases.enter(Phase::gateway, record.finished);
  const PhaseBreakdown blind = break_down(record);
  EXPECT_EQ(blind.rule, PhaseRule::unknown);
  EXPECT_EQ(blind.unattributed, 9 * kMs);
  record.progress_requested = true;
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.rule, PhaseRule::still_queued);
  EXPECT_EQ(p.queue, 9 * kMs);
  expect_exact_sums(record, p);
}

TEST(Phases, NoUpstreamReached) {
  RequestRecord record;
  record.first_byte = 100;
  record.phases.start(100, Phase::receive);
  record.phases.enter(Phase::gateway, 150);
  record.finished = 400;
  record.phases.enter(Phase::gateway, 400);
  const PhaseBreakdown p = break_down(record);
  EXPECT_EQ(p.total, 300);
  EXPECT_EQ(p.upstream, 0);
  EXPECT_FALSE(p.queue || p.prefill || p.decode);
  expect_exact_sums(record, p);
}

TEST(Phases, IntervalsOfAStreamTouchEachOther) {
  const RequestRecord record = streamed_chat();
  const PhaseIntervals at = locate(record, break_down(record));
  EXPECT_EQ(at.operation.start, record.handed_over - 3 * kMs);
  EXPECT_EQ(at.operation.end, record.upstream_done);
  EXPECT_EQ(at.queue.start, record.handed_over);
  EXPECT_EQ(at.queue.end, record.slot_start);
  EXPECT_EQ(at.prefill.start, record.slot_start);
  EXPECT_EQ(at.prefill.end, record.first_content);
  EXPECT_EQ(at.decode.start, record.first_content);
  EXPECT_EQ(at.decode.end, record.upstream_done);
}

TEST(Phases, IntervalsOfAPlainAnswerAreLaidFromItsEnd) {
  const RequestRecord record = plain_chat();
  const PhaseIntervals at = locate(record, break_down(record));
  EXPECT_EQ(at.decode.start, record.upstream_done - 50 * kMs);
  EXPECT_EQ(at.prefill.start, record.upstream_done - 70 * kMs);
  EXPECT_EQ(at.queue.start, record.handed_over);
  EXPECT_EQ(at.queue.end, at.prefill.start);
}

/// A record with any mixture of moments, phases and engine claims, sane and not.
RequestRecord random_record(std::mt19937_64& random) {
  const auto pick = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  RequestRecord r;
  r.request.stream = pick(2) == 0;
  r.progress_requested = pick(2) == 0;
  SteadyNs now = 1 + pick(1'000'000'000);
  r.first_byte = now;
  r.phases.start(now, static_cast<Phase>(pick(kPhaseCount)));
  SteadyNs* moments[] = {&r.received,          &r.handed_over,  &r.slot_start,    &r.first_content,
                         &r.first_content_out, &r.last_content, &r.upstream_done, &r.finished};
  for (SteadyNs* moment : moments) {
    for (std::int64_t steps = pick(4); steps > 0; --steps) {
      now += pick(3) == 0 ? 0 : pick(1'000'000'000'000);
      r.phases.enter(static_cast<Phase>(pick(kPhaseCount)), now);
    }
    if (moment == &r.finished || pick(4) != 0) *moment = now;
  }
  if (pick(2) == 0) {
    const double claims[] = {0,   0.001, 12.5,  1e6,
                             -3., 1e300, 1e-30, std::numeric_limits<double>::quiet_NaN()};
    r.response.timings = EngineTimings{{}, pick(3), claims[pick(8)], pick(3), claims[pick(8)], {}, {}};
  }
  return r;
}

TEST(Phases, SumsAreExactForAnyRecord) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const RequestRecord record = random_record(random);
    const PhaseBreakdown p = break_down(record);
    expect_exact_sums(record, p);
    for (const auto& part : {p.queue, p.prefill, p.decode}) {
      ASSERT_GE(part.value_or(0), 0);
    }
    ASSERT_GE(p.unattributed, 0);
    const PhaseIntervals at = locate(record, p);
    for (const Interval& interval : {at.operation, at.queue, at.prefill, at.decode}) {
      ASSERT_LE(interval.start, interval.end);
    }
    if (::testing::Test::HasFailure()) FAIL() << "at record " << i;
  }
}

}  // namespace
}  // namespace llt::telemetry
