#include "telemetry/span_model.h"

#include <gtest/gtest.h>

#include "telemetry/test_records.h"

namespace llt::telemetry {
namespace {

using testing::kMs;
using testing::plain_chat;
using testing::streamed_chat;

const AttributeValue* find(const SpanDraft& span, std::string_view key) {
  for (const Attribute& item : span.attributes.items()) {
    if (item.key == key) return &item.value;
  }
  return nullptr;
}

template <class T>
T get(const SpanDraft& span, std::string_view key) {
  const AttributeValue* value = find(span, key);
  EXPECT_NE(value, nullptr) << key;
  return value == nullptr ? T{} : std::get<T>(*value);
}

TEST(SpanModel, AStreamHasFiveSpansWithTheGivenIds) {
  const RequestRecord record = streamed_chat();
  SpanSet set;
  const Content content = structure_content(record);
  build_spans(record, break_down(record), content, {}, set);
  ASSERT_EQ(set.spans.size(), 5U);
  const SpanDraft& server = set.spans[0];
  EXPECT_EQ(server.name, "POST /v1/chat/completions");
  EXPECT_EQ(server.kind, SpanKind::server);
  EXPECT_EQ(server.id, record.server_span);
  EXPECT_EQ(server.parent, record.parent_span);
  EXPECT_EQ(server.end - server.start, 311 * kMs);
  const SpanDraft& client = set.spans[1];
  EXPECT_EQ(client.name, "chat SmolLM2-135M-Instruct");
  EXPECT_EQ(client.kind, SpanKind::client);
  EXPECT_EQ(client.id, record.client_span);
  EXPECT_EQ(client.parent, record.server_span);
  const char* children[] = {"queue", "prefill", "decode"};
  const SteadyNs starts[] = {record.handed_over, record.slot_start, record.first_content};
  const SteadyNs ends[] = {record.slot_start, record.first_content, record.upstream_done};
  for (std::size_t i = 0; i < 3; ++i) {
    const SpanDraft& child = set.spans[2 + i];
    EXPECT_EQ(child.name, children[i]);
    EXPECT_EQ(child.kind, SpanKind::internal);
    EXPECT_EQ(child.parent, record.client_span);
    EXPECT_TRUE(child.id.valid());
    EXPECT_EQ(child.start, starts[i]);
    EXPECT_EQ(child.end, ends[i]);
  }
}

TEST(SpanModel, HttpAttributes) {
  const RequestRecord record = streamed_chat();
  SpanSet set;
  const Content content = structure_content(record);
  build_spans(record, break_down(record), content, {}, set);
  const SpanDraft& server = set.spans[0];
  EXPECT_EQ(get<std::string_view>(server, "http.request.method"), "POST");
  EXPECT_EQ(get<std::string_view>(server, "http.route"), "/v1/chat/completions");
  EXPECT_EQ(get<std::int64_t>(server, "http.response.status_code"), 200);
  EXPECT_EQ(get<std::string_view>(server, "url.scheme"), "http");
  EXPECT_EQ(get<std::int64_t>(server, "llamatelemetry.phase.queue"), 40 * kMs);
  EXPECT_EQ(get<std::string_view>(server, "llamatelemetry.phase.rule"), "progress");
  EXPECT_EQ(find(server, "error.type"), nullptr);
}

TEST(SpanModel, GenAiAttributesThatAreKnown) {
  const RequestRecord record = streamed_chat();
  SpanSet set;
  const Content content = structure_content(record);
  build_spans(record, break_down(record), content, {}, set);
  const SpanDraft& client = set.spans[1];
  EXPECT_EQ(get<std::string_view>(client, "gen_ai.operation.name"), "chat");
  EXPECT_EQ(get<std::string_view>(client, "gen_ai.provider.name"), "llama_cpp");
  EXPECT_EQ(get<std::int64_t>(client, "gen_ai.request.max_tokens"), 64);
  EXPECT_TRUE(get<bool>(client, "gen_ai.request.stream"));
  EXPECT_EQ(get<double>(client, "gen_ai.request.top_k"), 40.0);  // a double in the released conventions
  EXPECT_EQ(get<std::span<const std::string>>(client, "gen_ai.request.stop_sequences").size(), 2U);
  EXPECT_EQ(get<std::int64_t>(client, "gen_ai.usage.input_tokens"), 30);
  EXPECT_EQ(get<std::int64_t>(client, "gen_ai.usage.cache_read.input_tokens"), 10);
  EXPECT_EQ(get<std::int64_t>(client, "gen_ai.usage.output_tokens"), 21);
  EXPECT_NEAR(get<double>(client, "gen_ai.response.time_to_first_chunk"), 0.103, 1e-9);
  EXPECT_EQ(get<std::int64_t>(client, "llamatelemetry.slot"), 2);
  for (const char* unknown : {"gen_ai.request.seed", "gen_ai.conversation.id", "gen_ai.request.choice.count",
                              "gen_ai.usage.reasoning.output_tokens", "gen_ai.input.messages"}) {
    EXPECT_EQ(find(client, unknown), nullptr) << unknown;
  }
}

TEST(SpanModel, SuccessorConventionsAddTheirs) {
  RequestRecord record = streamed_chat();
  record.request.reasoning_level = "high";
  record.request.choice_count = 1;
  record.response.finish_reasons.clear();
  record.error_type = "client_disconnected";
  SpanSet set;
  const Content content = structure_content(record);
  build_spans(record, break_down(record), content, {.rel = false, .main = true}, set);
  const SpanDraft& client = set.spans[1];
  EXPECT_EQ(get<std::int64_t>(client, "gen_ai.request.top_k"), 40);
  EXPECT_EQ(get<std::string_view>(client, "gen_ai.request.reasoning.level"), "high");
  EXPECT_EQ(find(client, "gen_ai.request.choice.count"), nullptr);
  EXPECT_EQ(get<std::span<const std::string>>(client, "gen_ai.response.finish_reasons")[0], "error");
}

TEST(SpanModel, ErrorsOfTheServerAndOfTheClient) {
  RequestRecord record = streamed_chat();
  record.http_status = 502;
  record.error_type = "upstream_closed";
  record.error_message = "the engine went away";
  SpanSet broken;
  const Content broken_content = structure_content(record);
  build_spans(record, break_down(record), broken_content, {}, broken);
  EXPECT_EQ(broken.spans[0].status, SpanStatus::error);
  EXPECT_EQ(broken.spans[0].status_message, "the engine went away");
  EXPECT_EQ(broken.spans[1].status, SpanStatus::error);
  EXPECT_EQ(get<std::string_view>(broken.spans[1], "error.type"), "upstream_closed");

  record.http_status = 400;
  record.error_type.clear();
  SpanSet refused;
  const Content refused_content = structure_content(record);
  build_spans(record, break_down(record), refused_content, {}, refused);
  EXPECT_EQ(refused.spans[0].status, SpanStatus::unset);  // the server did what it should
  EXPECT_EQ(refused.spans[1].status, SpanStatus::error);
  EXPECT_EQ(get<std::string_view>(refused.spans[1], "error.type"), "400");
}

TEST(SpanModel, AnErrorInMidStreamIsAnErrorInSpiteOfStatus200) {
  RequestRecord record = streamed_chat();
  record.error_type = "upstream_closed";
  SpanSet set;
  const Content content = structure_content(record);
  build_spans(record, break_down(record), content, {}, set);
  EXPECT_EQ(set.spans[0].status, SpanStatus::error);
}

TEST(SpanModel, RoutesThatAreOnlyTimedHaveOneSpan) {
  RequestRecord record = plain_chat();
  record.operation = Operation::none;
  record.route = kOtherRoute;
  record.method = "BREW";
  SpanSet set;
  const Content content = structure_content(record);
  build_spans(record, break_down(record), content, {}, set);
  ASSERT_EQ(set.spans.size(), 1U);
  EXPECT_EQ(set.spans[0].name, "HTTP");
  EXPECT_EQ(get<std::string_view>(set.spans[0], "http.request.method"), "_OTHER");
  EXPECT_EQ(get<std::string_view>(set.spans[0], "http.request.method_original"), "BREW");
  EXPECT_EQ(find(set.spans[0], "http.route"), nullptr);
}

TEST(SpanModel, WhatIsNotKnownHasNoSpan) {
  RequestRecord record = plain_chat();
  record.response.timings.reset();
  SpanSet set;
  const Content content = structure_content(record);
  build_spans(record, break_down(record), content, {}, set);
  EXPECT_EQ(set.spans.size(), 2U);
  EXPECT_EQ(get<std::int64_t>(set.spans[0], "llamatelemetry.phase.unattributed"), 98 * kMs);
  EXPECT_EQ(find(set.spans[0], "llamatelemetry.phase.queue"), nullptr);
}

}  // namespace
}  // namespace llt::telemetry
