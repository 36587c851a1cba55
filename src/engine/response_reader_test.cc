#include <gtest/gtest.h>

#include "engine/http_probe.h"

namespace llt::engine {
namespace {

using Progress = ResponseReader::Progress;

constexpr std::size_t kLimit = 1000;

TEST(ResponseReaderTest, AnySplitOfAChunkedAnswer) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nX: y\r\n\r\n5\r\nhello\r\n7;ext=1\r\n, "
      "world\r\n0\r\n\r\n";
  for (std::size_t cut = 0; cut < text.size() - 2; ++cut) {
    ResponseReader reader(kLimit);
    ASSERT_NE(reader.feed(text.substr(0, cut)), Progress::bad) << cut;
    ASSERT_EQ(reader.feed(text.substr(cut)), Progress::done) << cut;
    EXPECT_EQ(reader.status(), 200);
    EXPECT_EQ(reader.take_body(), "hello, world");
  }
}

TEST(ResponseReaderTest, ContentLength) {
  ResponseReader reader(kLimit);
  EXPECT_EQ(reader.feed("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nab"), Progress::more);
  EXPECT_EQ(reader.feed("cd"), Progress::done);
  EXPECT_EQ(reader.status(), 503);
  EXPECT_EQ(reader.take_body(), "abcd");
}

TEST(ResponseReaderTest, CutShortIsBad) {
  ResponseReader with_length(kLimit);
  EXPECT_EQ(with_length.feed("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"), Progress::more);
  EXPECT_EQ(with_length.end(), Progress::bad);
  ResponseReader nothing(kLimit);
  EXPECT_EQ(nothing.end(), Progress::bad);
}

TEST(ResponseReaderTest, WithoutLengthTheCloseIsTheEnd) {
  ResponseReader reader(kLimit);
  EXPECT_EQ(reader.feed("HTTP/1.0 200 OK\r\n\r\nall of it"), Progress::more);
  EXPECT_EQ(reader.end(), Progress::done);
  EXPECT_EQ(reader.take_body(), "all of it");
}

TEST(ResponseReaderTest, NotHttp) {
  for (const char* text :
       {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    ResponseReader reader(kLimit);
    EXPECT_EQ(reader.feed(text), Progress::bad) << text;
  }
}

TEST(ResponseReaderTest, EndlessAnswersStayBounded) {
  ResponseReader head(kLimit);
  auto progress = head.feed("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 100 && progress == Progress::more; ++i) progress = head.feed(std::string(1000, 'x'));
  EXPECT_EQ(progress, Progress::bad);
  ResponseReader body(kLimit);
  progress = body.feed("HTTP/1.1 200 OK\r\n\r\n");
  for (int i = 0; i < 3 && progress == Progress::more; ++i) progress = body.feed(std::string(1000, 'x'));
  EXPECT_EQ(progress, Progress::bad);
}

}  // namespace
}  // namespace llt::engine
