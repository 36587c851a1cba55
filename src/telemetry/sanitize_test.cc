#include "telemetry/sanitize.h"

#include <gtest/gtest.h>

#include "telemetry/chunk_gaps.h"

namespace llt::telemetry {
namespace {

TEST(Sanitize, RepairsEachWrongByte) {
  EXPECT_EQ(repair_utf8("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(repair_utf8("caf\xE9!"), "caf\xEF\xBF\xBD!");
  EXPECT_EQ(repair_utf8("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
}

TEST(Sanitize, CutsBetweenCharacters) {
  EXPECT_EQ(clip_utf8("abc", 3), "abc");
  EXPECT_EQ(clip_utf8("ab\xC3\xBC", 3), "ab");
  EXPECT_EQ(clip_utf8("\xF0\x9F\x98\x80", 3), "");
}

TEST(Sanitize, BoundsEveryTextOfARecord) {
  RequestRecord record;
  record.user_agent = std::string(100'000, 'x');
  record.request.model = "m\xFF";
  record.request.stop_sequences.assign(1000, std::string(1000, 'y'));
  sanitize(record);
  EXPECT_EQ(record.user_agent.size(), kMaxTextBytes);
  EXPECT_EQ(record.request.model, "m\xEF\xBF\xBD");
  EXPECT_EQ(record.request.stop_sequences.size(), kMaxListItems);
  EXPECT_EQ(record.request.stop_sequences.front().size(), kMaxNameBytes);
}

TEST(ChunkGaps, NearestRankPercentiles) {
  EXPECT_EQ(summarize_gaps({}), std::nullopt);
  std::vector<std::uint32_t> gaps;
  for (std::uint32_t i = 100; i >= 1; --i) gaps.push_back(i);
  const auto summary = summarize_gaps(gaps);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->p50_ns, 50'000);
  EXPECT_EQ(summary->p95_ns, 95'000);
  EXPECT_EQ(summary->p99_ns, 99'000);
  EXPECT_EQ(summary->max_ns, 100'000);
  EXPECT_EQ(summarize_gaps(std::vector<std::uint32_t>{7})->p50_ns, 7'000);
}

}  // namespace
}  // namespace llt::telemetry
