#include "receiver/otlp_body.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "receiver/inflate.h"

namespace llt::receiver {
namespace {

constexpr std::size_t kLimit = 1 << 20;

// The example of the specification, shortened.
constexpr const char* kJson = R"({"resourceSpans": [{"resource": {"attributes": [
  {"key": "service.name", "value": {"stringValue": "my.service"}}]}, "scopeSpans": [{"spans": [{
  "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "parentSpanId": "EEE19B7EC3C1B173",
  "name": "I'm a server span", "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000",
  "kind": 2, "soon to be invented": 1, "attributes": [{"key": "my.span.attr", "value": {"intValue": "7"}}]}]}]}]})";

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(OtlpBody, ReadsTheJsonOfTheSpecification) {
  const auto request = parse_traces({kJson, Encoding::json, ""}, kLimit);
  ASSERT_TRUE(request) << request.error().message;
  const auto received = to_rows(*request, "");
  ASSERT_EQ(received.rows.size(), 1u);
  const auto& row = received.rows.front();
  EXPECT_EQ(row.trace_id, "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(row.span_id, "eee19b7ec3c1b174");
  EXPECT_EQ(row.parent_span_id, "eee19b7ec3c1b173");
  EXPECT_EQ(row.kind, "SERVER");
  EXPECT_EQ(row.duration_ns, 1'000'000'000);
  EXPECT_EQ(row.attributes, R"({"my.span.attr":7})");
}

TEST(OtlpBody, JsonIdsOfOtherKindsAreRejected) {
  for (const char* id : {"", "xyz1", "5b8efff798038103d269b633813fc6", "zz8efff798038103d269b633813fc60c"}) {
    std::string text = kJson;
    text.replace(text.find("5B8EFFF798038103D269B633813FC60C"), 32, id);
    const auto request = parse_traces({text, Encoding::json, ""}, kLimit);
    if (!request) continue;  // not even base64
    EXPECT_EQ(to_rows(*request, "").rejected, 1u) << id;
  }
}

TEST(OtlpBody, UnpacksAndRefuses) {
  const std::string packed = gzip(kJson);
  EXPECT_TRUE(parse_traces({packed, Encoding::json, "gzip"}, kLimit));
  EXPECT_TRUE(parse_traces({packed, Encoding::json, " GZIP "}, kLimit));
  EXPECT_FALSE(parse_traces({packed, Encoding::json, ""}, kLimit));
  EXPECT_FALSE(parse_traces({packed, Encoding::json, "br"}, kLimit));
  EXPECT_FALSE(
      parse_traces({std::string_view(packed).substr(0, packed.size() / 2), Encoding::json, "gzip"}, kLimit));
  const std::string bomb = gzip(std::string(kLimit * 4, ' '));
  const auto refused = parse_traces({bomb, Encoding::json, "gzip"}, kLimit);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(gunzip(gzip(""), kLimit), "");
  EXPECT_FALSE(gunzip("", kLimit));
}

TEST(OtlpBody, KnowsContentTypes) {
  EXPECT_EQ(encoding_of("application/json; charset=utf-8"), Encoding::json);
  EXPECT_EQ(encoding_of("Application/X-Protobuf"), Encoding::protobuf);
  EXPECT_EQ(encoding_of("text/plain"), std::nullopt);
  EXPECT_EQ(encoding_of(""), std::nullopt);
}

TEST(OtlpBody, AnswersAreThoseOfTheSpecification) {
  EXPECT_EQ(accepted_body(Signal::traces, Encoding::json, 0, ""), "{}");
  EXPECT_EQ(accepted_body(Signal::logs, Encoding::json, 2, "no"),
            R"({"partialSuccess":{"errorMessage":"no","rejectedLogRecords":"2"}})");
  EXPECT_EQ(accepted_body(Signal::traces, Encoding::protobuf, 0, ""), "");
  const std::string rejected = accepted_body(Signal::metrics, Encoding::protobuf, 3, "no");
  EXPECT_EQ(rejected, std::string("\x0a\x06\x08\x03\x12\x02no"));
  const std::string longer(200, 'x');
  EXPECT_EQ(status_body(Encoding::protobuf, 14, longer), std::string("\x08\x0e\x12\xc8\x01") + longer);
}

TEST(OtlpBody, DeepJsonIsRefused) {
  std::string deep = R"({"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":)";
  for (int i = 0; i < 10'000; ++i) deep += R"({"arrayValue":{"values":[)";
  EXPECT_FALSE(parse_traces({deep, Encoding::json, ""}, kLimit));
}

}  // namespace
}  // namespace llt::receiver
