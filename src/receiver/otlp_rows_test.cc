#include "receiver/otlp_rows.h"

#include <gtest/gtest.h>

#include <limits>

namespace llt::receiver {
namespace {

constexpr std::uint64_t kStart = 1'700'000'000'000'000'000;

opentelemetry::proto::trace::v1::Span* add_span(TraceRequest& request) {
  auto* span = request.add_resource_spans()->add_scope_spans()->add_spans();
  span->set_trace_id(std::string(16, '\x1f'));
  span->set_span_id(std::string(8, '\x2e'));
  span->set_name("ask");
  span->set_start_time_unix_nano(kStart);
  span->set_end_time_unix_nano(kStart + 5);
  return span;
}

void add_text(google::protobuf::RepeatedPtrField<opentelemetry::proto::common::v1::KeyValue>* attributes,
              const std::string& key, const std::string& value) {
  auto* attribute = attributes->Add();
  attribute->set_key(key);
  attribute->mutable_value()->set_string_value(value);
}

store::SpanRow only_row(const TraceRequest& request) {
  auto received = to_rows(request, "us");
  EXPECT_EQ(received.rejected, 0u) << received.reason;
  EXPECT_EQ(received.rows.size(), 1u);
  return received.rows.empty() ? store::SpanRow{} : received.rows.front();
}

TEST(OtlpRows, KeepsWhatASpanSays) {
  TraceRequest request;
  auto* span = add_span(request);
  span->set_parent_span_id(std::string(8, '\x01'));
  span->set_kind(opentelemetry::proto::trace::v1::Span::SPAN_KIND_CLIENT);
  span->set_trace_state("a=b");
  span->mutable_status()->set_code(opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  span->mutable_status()->set_message("it broke");
  add_text(request.mutable_resource_spans(0)->mutable_resource()->mutable_attributes(), "service.name",
           "agent");
  request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_scope()->set_name("sdk");
  const auto row = only_row(request);
  EXPECT_EQ(row.trace_id, "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f");
  EXPECT_EQ(row.span_id, "2e2e2e2e2e2e2e2e");
  EXPECT_EQ(row.parent_span_id, "0101010101010101");
  EXPECT_EQ(row.kind, "CLIENT");
  EXPECT_EQ(row.start_unix_ns, static_cast<std::int64_t>(kStart));
  EXPECT_EQ(row.duration_ns, 5);
  EXPECT_EQ(row.status_code, "ERROR");
  EXPECT_EQ(row.status_message, "it broke");
  EXPECT_EQ(row.service_name, "agent");
  EXPECT_EQ(row.scope, "sdk");
  EXPECT_EQ(row.trace_state, "a=b");
  EXPECT_EQ(row.resource_attributes, R"({"service.name":"agent"})");
  EXPECT_EQ(row.attributes, std::nullopt);
}

TEST(OtlpRows, WritesEveryKindOfAttribute) {
  TraceRequest request;
  auto* attributes = add_span(request)->mutable_attributes();
  add_text(attributes, "text", "a \"b\"");
  attributes->Add()->set_key("nothing");
  const auto add = [&](const char* key) {
    auto* attribute = attributes->Add();
    attribute->set_key(key);
    return attribute->mutable_value();
  };
  add("int")->set_int_value(std::numeric_limits<std::int64_t>::min());
  add("bool")->set_bool_value(true);
  add("double")->set_double_value(0.5);
  add("not a number")->set_double_value(std::numeric_limits<double>::quiet_NaN());
  add("bytes")->set_bytes_value(std::string("\0\xff", 2));
  add("list")->mutable_array_value()->add_values()->set_int_value(7);
  add_text(add("map")->mutable_kvlist_value()->mutable_values(), "inner", "x");
  EXPECT_EQ(
      only_row(request).attributes,
      R"({"bool":true,"bytes":"AP8=","double":0.5,"int":-9223372036854775808,"list":[7],"map":{"inner":"x"},)"
      R"("not a number":null,"nothing":null,"text":"a \"b\""})");
}

TEST(OtlpRows, KeepsEventsAndLinks) {
  TraceRequest request;
  auto* span = add_span(request);
  auto* event = span->add_events();
  event->set_name("first token");
  event->set_time_unix_nano(kStart + 3);
  auto* link = span->add_links();
  link->set_trace_id(std::string(16, '\x02'));
  link->set_span_id(std::string(8, '\x03'));
  span->add_links()->set_trace_id("too short");
  const auto row = only_row(request);
  EXPECT_EQ(row.events, R"([{"attributes":{},"name":"first token","unix_ns":1700000000000000003}])");
  EXPECT_EQ(
      row.links,
      R"([{"attributes":{},"span_id":"0303030303030303","trace_id":"02020202020202020202020202020202"}])");
}

TEST(OtlpRows, RejectsWhatIsNotASpanAndKeepsTheRest) {
  TraceRequest request;
  add_span(request);
  add_span(request)->set_trace_id(std::string(16, '\0'));
  add_span(request)->set_span_id("short");
  add_span(request)->set_parent_span_id("short");
  add_span(request)->set_start_time_unix_nano(0);
  add_span(request)->set_end_time_unix_nano(kStart - 1);
  add_span(request)->set_end_time_unix_nano(std::numeric_limits<std::uint64_t>::max());
  const auto received = to_rows(request, "us");
  EXPECT_EQ(received.rows.size(), 1u);
  EXPECT_EQ(received.rejected, 6u);
  EXPECT_EQ(received.reason, "a trace id is not 16 bytes, or all zero");
}

TEST(OtlpRows, LeavesOutOurOwn) {
  TraceRequest request;
  add_span(request);
  add_text(request.mutable_resource_spans(0)->mutable_resource()->mutable_attributes(), "service.instance.id",
           "us");
  EXPECT_TRUE(to_rows(request, "us").rows.empty());
  EXPECT_EQ(to_rows(request, "someone else").rows.size(), 1u);
}

TEST(OtlpRows, NamesAServiceThatHasNoName) {
  TraceRequest request;
  add_span(request);
  EXPECT_EQ(only_row(request).service_name, "unknown_service");
}

}  // namespace
}  // namespace llt::receiver
