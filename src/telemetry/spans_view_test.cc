// The view `spans` of a real store says what build_spans() exports, for requests of every kind.

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "store/test_support.h"
#include "telemetry/rows.h"
#include "telemetry/span_model.h"
#include "telemetry/test_records.h"

namespace llt::telemetry {
namespace {

using nlohmann::json;

class TempStore {
 public:
  /// Stores the record and gives its spans by name.
  std::map<std::string, json> spans_of(RequestRecord record) {
    const PhaseBreakdown phases = break_down(record);
    Content content = structure_content(record);
    store::RequestRow row = to_row(std::move(record), phases, std::move(content));
    row.resource_id = 7;
    store_->append(store::ResourceRow{7, 1, "svc", R"({"host.name":"here"})"});
    store_->append(std::move(row));
    EXPECT_TRUE(store_->flush(10'000));
    const auto text = store_->query_text("FROM spans ORDER BY start_unix_ns", store::Format::json);
    EXPECT_TRUE(text) << text.error().message;
    std::map<std::string, json> by_name;
    for (const json& span : json::parse(text.value_or("[]"))) {
      EXPECT_TRUE(by_name.emplace(span["name"], span).second) << span["name"];
    }
    return by_name;
  }

 private:
  store::testing::TempDir dir_;
  std::unique_ptr<store::Store> store_ = store::testing::must_open_for_ever(dir_.path());
};

/// The engine's milliseconds are stored as nanoseconds, so numbers may differ in their last digit.
void expect_same(const json& stored, const json& exported, const std::string& where) {
  ASSERT_EQ(stored.is_null(), exported.is_null()) << where << ": " << stored << " / " << exported;
  if (exported.is_number_float() || stored.is_number_float()) {
    EXPECT_NEAR(stored.get<double>(), exported.get<double>(), 1e-9 * std::abs(exported.get<double>()))
        << where;
  } else if (exported.is_object()) {
    EXPECT_EQ(stored.size(), exported.size()) << where << ": " << stored << " / " << exported;
    for (const auto& [key, value] : exported.items())
      expect_same(stored.value(key, json()), value, where + "." + key);
  } else {
    EXPECT_EQ(stored, exported) << where;
  }
}

json optional_text(std::string_view text) { return text.empty() ? json() : json(text); }

void expect_stored_as_exported(const RequestRecord& record) {
  const Content content = structure_content(record);
  SpanSet set;
  build_spans(record, break_down(record), content, {}, set);
  TempStore store;
  auto stored = store.spans_of(record);
  ASSERT_EQ(stored.size(), set.spans.size());
  const std::map<SpanKind, const char*> kinds{
      {SpanKind::internal, "INTERNAL"}, {SpanKind::server, "SERVER"}, {SpanKind::client, "CLIENT"}};
  for (const SpanDraft& span : set.spans) {
    ASSERT_TRUE(stored.contains(span.name)) << span.name;
    const json& row = stored[span.name];
    EXPECT_EQ(row["trace_id"], record.trace_id.hex());
    EXPECT_EQ(row["span_id"], span.id.hex()) << span.name;
    EXPECT_EQ(row["parent_span_id"], span.parent ? json(span.parent->hex()) : json()) << span.name;
    EXPECT_EQ(row["kind"], kinds.at(span.kind));
    EXPECT_EQ(row["start_unix_ns"], record.anchor.to_unix(span.start)) << span.name;
    EXPECT_EQ(row["duration_ns"], span.end - span.start) << span.name;
    EXPECT_EQ(row["status_code"], span.status == SpanStatus::error ? "ERROR" : "UNSET") << span.name;
    EXPECT_EQ(row["status_message"], optional_text(span.status_message)) << span.name;
    EXPECT_EQ(row["trace_state"], optional_text(record.trace_state));
    EXPECT_EQ(row["service_name"], "svc");
    EXPECT_EQ(row["resource_attributes"], (json{{"host.name", "here"}}));
    const auto& items = span.attributes.items();
    expect_same(row["attributes"], items.empty() ? json() : json::parse(to_json(items)), span.name);
  }
}

TEST(SpansView, StreamedChat) { expect_stored_as_exported(testing::streamed_chat()); }

TEST(SpansView, EveryParameterAndContent) {
  RequestRecord record = testing::streamed_chat();
  record.trace_state = "vendor=1";
  record.request.seed = 7, record.request.choice_count = 2, record.request.top_p = 0.9;
  record.request.frequency_penalty = 0.25, record.request.presence_penalty = -1.5;
  record.request.output_type = "json", record.request.conversation_id = "c'1\"";
  record.request.prompt_hash = "00ff00ff00ff00ff";
  record.response.finish_reasons = {"stop", "length"};
  record.response.reasoning_tokens = 3;
  record.response.timings->draft_n = 9, record.response.timings->draft_n_accepted = 4;
  record.captured_request = R"({"messages":[{"role":"user","content":"Hé \"you\""}]})";
  record.captured_response = R"({"choices":[{"message":{"role":"assistant","content":"Yes"}}]})";
  expect_stored_as_exported(record);
}

TEST(SpansView, RequestThatIsOnlyTimed) {
  RequestRecord record = testing::streamed_chat();
  record.operation = Operation::none;
  record.method = "PURGE", record.route = kOtherRoute, record.path = "/x";
  record.parent_span.reset();
  expect_stored_as_exported(record);
}

TEST(SpansView, RequestThatReachedNoUpstream) {
  RequestRecord record = testing::streamed_chat();
  record.upstream.clear();
  record.http_status = 503, record.error_type = "no_upstream", record.error_message = "nobody is there";
  expect_stored_as_exported(record);
}

TEST(SpansView, FailuresOfEachSide) {
  for (const auto& [status, type] : {std::pair{400, ""},
                                     {404, "model_not_found"},
                                     {499, "client_gone"},
                                     {502, "refused"},
                                     {200, "upstream_died"},
                                     {0, "upstream_died"}}) {
    RequestRecord record = testing::streamed_chat();
    record.http_status = status, record.error_type = type, record.error_message = "so it was";
    expect_stored_as_exported(record);
  }
}

TEST(SpansView, PlainAnswerEmbeddingsAndWhatNeverStarted) {
  RequestRecord plain = testing::streamed_chat();
  plain.request.stream = false;
  expect_stored_as_exported(plain);
  plain.operation = Operation::embeddings;
  plain.request.dimensions = 64, plain.request.encoding_formats = {"float"};
  plain.response.timings.reset();
  expect_stored_as_exported(plain);
  RequestRecord waiting = testing::streamed_chat();
  waiting.slot_start = waiting.first_content = waiting.upstream_done = 0;
  waiting.response = {};
  expect_stored_as_exported(waiting);
}

}  // namespace
}  // namespace llt::telemetry
