#include "gateway/http_head.h"

#include <gtest/gtest.h>

#include "gateway/routes.h"
#include "gateway/session.h"
#include "gateway/trace_context.h"

namespace llt::gateway {
namespace {

// Parses `text` in pieces of `piece` bytes; returns the first error.
error_code parse(RequestReader& reader, std::string_view text, std::size_t piece) {
  boost::beast::flat_buffer input;
  error_code ec;
  for (std::size_t at = 0; at < text.size() && !ec; at += piece) {
    const auto part = text.substr(at, piece);
    const auto space = input.prepare(part.size());
    std::memcpy(space.data(), part.data(), part.size());
    input.commit(part.size());
    feed(reader, input, ec);
  }
  return ec;
}

TEST(HttpHead, ReadsAMessageHoweverItIsCut) {
  const std::string_view text =
      "POST /v1/x?y=1 HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    RequestReader reader(8192);
    ASSERT_FALSE(parse(reader, text, piece)) << piece;
    ASSERT_TRUE(reader.is_done()) << piece;
    EXPECT_EQ(reader.method, "POST");
    EXPECT_EQ(reader.target, "/v1/x?y=1");
    EXPECT_EQ(reader.body, "abcde");
    EXPECT_EQ(reader.headers.size(), 3u);
    EXPECT_EQ(reader.headers.value("x-one"), "1");
  }
}

TEST(HttpHead, RefusesAmbiguousFraming) {
  for (const char* text : {
           "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
           "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
           "GET / HTTP/1.1\r\n: x\r\n\r\n",
           "\x16\x03\x01 hello\r\n\r\n",
       }) {
    RequestReader reader(8192);
    EXPECT_TRUE(parse(reader, text, 1000)) << text;
  }
}

TEST(HttpHead, LimitsHeaders) {
  RequestReader reader(1024);
  const std::string text = "GET / HTTP/1.1\r\nX: " + std::string(5000, 'x') + "\r\n\r\n";
  EXPECT_EQ(parse(reader, text, 100), http::error::header_limit);
}

TEST(HttpHead, KnowsHopByHopFields) {
  const auto field = [](http::field id, std::string_view name) { return HeaderBlock::Field{id, name, ""}; };
  EXPECT_TRUE(is_hop_by_hop(field(http::field::keep_alive, "Keep-Alive"), ""));
  EXPECT_TRUE(is_hop_by_hop(field(http::field::unknown, "X-Mine"), "close, x-mine"));
  EXPECT_FALSE(is_hop_by_hop(field(http::field::unknown, "X-Mine"), "close"));
  EXPECT_FALSE(is_hop_by_hop(field(http::field::content_type, "Content-Type"), ""));
}

TEST(HttpHead, NormalisesTargets) {
  EXPECT_EQ(origin_form("http://h:1/a?b"), "/a?b");
  EXPECT_EQ(origin_form("http://h"), "/");
  EXPECT_EQ(path_of("/a?b#c"), "/a");
}

TEST(Routes, NamesAreBounded) {
  EXPECT_EQ(find_route("POST", "/v1/chat/completions").operation, telemetry::Operation::chat);
  EXPECT_EQ(find_route("GET", "/v1/chat/completions").operation, telemetry::Operation::none);
  EXPECT_EQ(find_route("GET", "/slots/3").name, "/slots/{id}");
  EXPECT_EQ(find_route("GET", "/../../etc").name, "other");
}

TEST(TraceContext, FollowsTheRecommendation) {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const auto parent = parse_traceparent(good);
  ASSERT_TRUE(parent);
  EXPECT_TRUE(parent->sampled);
  EXPECT_EQ(format_traceparent(*parent), good);
  EXPECT_TRUE(parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-future"));
  for (const char* bad : {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g"}) {
    EXPECT_FALSE(parse_traceparent(bad)) << bad;
  }
}

}  // namespace
}  // namespace llt::gateway
