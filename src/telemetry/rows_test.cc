#include "telemetry/rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "telemetry/test_records.h"

namespace llt::telemetry {
namespace {

using nlohmann::json;
using testing::kMs;

TEST(Rows, RequestRowSaysWhatIsKnownAndNothingElse) {
  RequestRecord record = testing::streamed_chat();
  record.captured_request = "{}";
  const auto gaps = record.chunk_gaps_us;
  const PhaseBreakdown phases = break_down(record);
  const store::RequestRow row = to_row(std::move(record), phases, {"[1]", "", "", ""});
  EXPECT_EQ(row.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(row.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(row.start_unix_ns, 1'700'000'000'000'000'000);
  EXPECT_EQ(row.operation, "chat");
  EXPECT_EQ(row.error_type, std::nullopt);
  EXPECT_EQ(row.total_ns, 311 * kMs);
  EXPECT_EQ(row.queue_ns, 40 * kMs);
  EXPECT_EQ(row.ttft_ns, 105 * kMs + kMs / 2);
  EXPECT_EQ(row.engine_prefill_ns, 58 * kMs);
  EXPECT_EQ(row.prompt_tokens_processed, 20);
  EXPECT_EQ(row.cached_tokens, 10);
  EXPECT_EQ(row.finish_reason, "stop");
  EXPECT_EQ(row.slot, 2);
  EXPECT_EQ(row.content_chunks, 6);
  EXPECT_EQ(row.chunk_gap_max_ns, 150 * kMs);
  EXPECT_EQ(row.chunk_gaps_us, gaps);
  EXPECT_EQ(row.seed, std::nullopt);
  EXPECT_EQ(row.conversation_id, std::nullopt);
  EXPECT_EQ(row.request_content, "{}");
  EXPECT_EQ(row.response_content, std::nullopt);
  EXPECT_EQ(row.input_messages, "[1]");
  EXPECT_EQ(row.output_messages, std::nullopt);
  EXPECT_EQ(row.phase_rule, "progress");
  EXPECT_EQ(row.stop_sequences, R"(["END","\u000a\u000a"])");
  EXPECT_EQ(row.parent_span_id, "b7ad6b7169203331");
  EXPECT_EQ(row.client_span_id, "00f067aa0ba902b8");
  EXPECT_EQ(row.operation_start_ns, 2 * kMs);
  EXPECT_EQ(row.queue_start_ns, 5 * kMs);
  EXPECT_EQ(row.prefill_start_ns, 45 * kMs);
  EXPECT_EQ(row.decode_start_ns, 105 * kMs);
}

TEST(Rows, AnEmptyRecordIsAllNull) {
  RequestRecord record;
  const PhaseBreakdown phases = break_down(record);
  const store::RequestRow row = to_row(std::move(record), phases, {});
  EXPECT_EQ(row.operation, std::nullopt);
  EXPECT_EQ(row.http_status, std::nullopt);
  EXPECT_EQ(row.queue_ns, std::nullopt);
  EXPECT_EQ(row.ttft_ns, std::nullopt);
  EXPECT_EQ(row.input_tokens, std::nullopt);
  EXPECT_EQ(row.content_chunks, std::nullopt);
}

TEST(Rows, JsonOfAwkwardValues) {
  const std::vector<std::string> none;
  const std::vector<Attribute> attributes{
      {"quote\"", std::string_view("a\"b\\c\n\x01\x7F")}, {"nan", std::numeric_limits<double>::quiet_NaN()},
      {"list", std::span<const std::string>(none)},       {"small", 1e-300},
      {"int", std::numeric_limits<std::int64_t>::min()},
  };
  const json parsed = json::parse(to_json(attributes));
  EXPECT_EQ(parsed["quote\""], "a\"b\\c\n\x01\x7F");
  EXPECT_TRUE(parsed["nan"].is_null());
  EXPECT_EQ(parsed["list"], json::array());
  EXPECT_EQ(parsed["small"], 1e-300);
  EXPECT_EQ(parsed["int"], std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(to_json({}), "{}");
}

}  // namespace
}  // namespace llt::telemetry
