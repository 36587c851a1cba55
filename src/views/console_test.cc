// The console over real sockets, with a reader that is scripted: routing, refusals, limits, streaming.

#include "views/console.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "store/reader.h"
#include "views/test_client.h"

namespace llt::views {
namespace {

using testing::TestClient;

/// Answers "[]" to the live page; to a user's SQL by its first word.
class ScriptedReader final : public store::Reader {
 public:
  std::atomic<bool> stopped{false};
  std::atomic<std::uint64_t> bytes_taken{0};

  Result<store::QueryInfo> query(std::string_view sql, store::Format, const store::QueryLimits& limits,
                                 const store::Sink& sink) override {
    if (sql.starts_with("BROKEN"))
      return fail(ErrorCode::invalid_argument, "syntax error at BROKEN", "write SQL");
    if (sql.starts_with("HANG")) return hang(limits);
    if (sql.starts_with("ENDLESS")) return endless(sink);
    if (sql.starts_with("TORN")) {
      sink("first rows");
      return fail(ErrorCode::timeout, "too slow");
    }
    sink(sql.starts_with("HELLO") ? "hello, " : "[]");
    if (sql.starts_with("HELLO")) sink("world");
    return store::QueryInfo{};
  }

 private:
  Result<store::QueryInfo> hang(const store::QueryLimits& limits) {
    while (!limits.stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stopped = true;
    return fail(ErrorCode::unavailable, "the query was stopped");
  }
  Result<store::QueryInfo> endless(const store::Sink& sink) {
    const std::string piece(64 * 1024, 'x');
    while (sink(piece)) bytes_taken += piece.size();
    stopped = true;
    return fail(ErrorCode::unavailable, "the reader of the result went away");
  }
};

class ConsoleTest : public ::testing::Test {
 protected:
  void start(ConsoleOptions options = {}) {
    options.listen = {"127.0.0.1", 0, {}};
    Sources sources{
        .reader = &reader_,
        .status_json = [] { return std::string("{\"engine\":{}}"); },
        .prometheus_text = [] { return std::string("up 1\n"); },
        .live =
            [this] { return LiveFacts{.serving = serving_.load(), .gateway_url = "http://127.0.0.1:8080"}; }};
    auto console = Console::start(options, std::move(sources));
    ASSERT_TRUE(console.has_value()) << console.error().to_string();
    console_ = std::move(*console);
    port_ = console_->address().port;
  }

  static bool wait_for(const std::atomic<bool>& flag) {
    for (int i = 0; i < 5000 && !flag; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return flag;
  }

  ScriptedReader reader_;
  std::atomic<bool> serving_{true};
  std::unique_ptr<Console> console_;
  std::uint16_t port_ = 0;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_F(ConsoleTest, PortInUseIsSaid) {
  start();
  ScriptedReader other;
  auto second =
      Console::start({.listen = console_->address()}, {.reader = &other,
                                                       .status_json = [] { return std::string(); },
                                                       .prometheus_text = [] { return std::string(); },
                                                       .live = [] { return LiveFacts{}; }});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  EXPECT_TRUE(has(second.error().message, std::to_string(port_)));
}

TEST_F(ConsoleTest, HealthFollowsServing) {
  start();
  EXPECT_TRUE(TestClient::get(port_, "/healthz").starts_with("HTTP/1.1 200"));
  serving_ = false;
  EXPECT_TRUE(TestClient::get(port_, "/healthz").starts_with("HTTP/1.1 503"));
}

TEST_F(ConsoleTest, ServesPageMetricsStatusAndDescription) {
  start();
  const std::string page = TestClient::get(port_, "/");
  EXPECT_TRUE(page.starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(has(page, "Content-Type: text/html"));
  EXPECT_TRUE(has(page, "X-Content-Type-Options: nosniff"));
  EXPECT_TRUE(has(page, "script-src 'self';"));
  EXPECT_FALSE(has(page, "Access-Control-Allow-Origin"));
  EXPECT_TRUE(has(TestClient::get(port_, "/metrics"), "text/plain; version=0.0.4"));
  EXPECT_TRUE(has(TestClient::get(port_, "/api/v1/status"), "{\"engine\":{}}"));
  EXPECT_TRUE(has(TestClient::get(port_, "/api"), "\"openapi\""));
}

TEST_F(ConsoleTest, EveryPageOfTheConsoleIsTheSameDocument) {
  start();
  const auto body_of = [](const std::string& answer) { return answer.substr(answer.find("\r\n\r\n")); };
  const std::string page = body_of(TestClient::get(port_, "/"));
  for (const char* path : {"/requests?model=a", "/trace/a%2Fb", "/graph", "/model", "/sql"}) {
    const std::string answer = TestClient::get(port_, path);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << path;
    EXPECT_EQ(body_of(answer), page) << path;
  }
  EXPECT_TRUE(TestClient::get(port_, "/requestsx").starts_with("HTTP/1.1 404"));
}

TEST_F(ConsoleTest, EtagSavesTheBody) {
  start();
  const std::string page = TestClient::get(port_, "/");
  const std::size_t begin = page.find("ETag: ") + 6;
  const std::string etag = page.substr(begin, page.find('\r', begin) - begin);
  const std::string again = TestClient::get(port_, "/", "If-None-Match: " + etag + "\r\n");
  EXPECT_TRUE(again.starts_with("HTTP/1.1 304"));
  EXPECT_TRUE(again.ends_with("\r\n\r\n"));
}

TEST_F(ConsoleTest, UnknownPathsAndMethods) {
  start();
  EXPECT_TRUE(TestClient::get(port_, "/nothing").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(TestClient::get(port_, "/../../etc/passwd").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(TestClient::get(port_, "/%2e%2e/x").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(TestClient::get(port_, "/%zz").starts_with("HTTP/1.1 400"));
  const std::string wrong = TestClient::get(port_, "/api/v1/query");
  EXPECT_TRUE(wrong.starts_with("HTTP/1.1 405"));
  EXPECT_TRUE(has(wrong, "Allow: POST"));
}

TEST_F(ConsoleTest, ForeignHostsAndOriginsAreRefused) {
  start();
  const auto with_host = [&](std::string_view host) {
    TestClient client(port_);
    client.send("GET /healthz HTTP/1.1\r\nHost: " + std::string(host) + "\r\nConnection: close\r\n\r\n");
    return client.read_all();
  };
  EXPECT_TRUE(with_host("evil.example").starts_with("HTTP/1.1 421"));
  EXPECT_TRUE(with_host("127.0.0.1:" + std::to_string(port_)).starts_with("HTTP/1.1 200"));
  const std::string query = R"({"sql":"HELLO"})";
  EXPECT_TRUE(TestClient::post(port_, "/api/v1/query", query, "Origin: http://evil.example\r\n")
                  .starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(
      TestClient::post(port_, "/api/v1/query", query, "Origin: null\r\n").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(TestClient::post(port_, "/api/v1/query", query, "Origin: http://localhost\r\n")
                  .starts_with("HTTP/1.1 200"));
}

TEST_F(ConsoleTest, KeysGuardData) {
  start({.api_keys = {"secret"}});
  EXPECT_TRUE(TestClient::get(port_, "/api/v1/status").starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(TestClient::get(port_, "/api/v1/live").starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(TestClient::get(port_, "/metrics").starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(TestClient::get(port_, "/").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(TestClient::get(port_, "/healthz").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(TestClient::get(port_, "/api/v1/status", "Authorization: Bearer secret\r\n")
                  .starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(TestClient::get(port_, "/api/v1/status", "Authorization: Bearer secre\r\n")
                  .starts_with("HTTP/1.1 401"));
}

TEST_F(ConsoleTest, QueryStreamsInChunks) {
  start();
  const std::string answer = TestClient::post(port_, "/api/v1/query", R"({"sql":"HELLO","format":"csv"})");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(has(answer, "Content-Type: text/csv"));
  EXPECT_TRUE(has(answer, "Transfer-Encoding: chunked"));
  EXPECT_TRUE(has(answer, "hello, "));
  EXPECT_TRUE(answer.ends_with("\r\n0\r\n\r\n"));
}

TEST_F(ConsoleTest, QueryErrorsAreJson) {
  start();
  const std::string broken = TestClient::post(port_, "/api/v1/query", R"({"sql":"BROKEN"})");
  EXPECT_TRUE(broken.starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(has(broken, R"("message":"syntax error at BROKEN")"));
  EXPECT_TRUE(has(broken, R"("hint":"write SQL")"));
  EXPECT_TRUE(TestClient::post(port_, "/api/v1/query", "{").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(TestClient::post(port_, "/api/v1/query", R"({"sql":"HELLO","max_rowz":1})")
                  .starts_with("HTTP/1.1 400"));
}

TEST_F(ConsoleTest, TornResultDoesNotLookComplete) {
  start();
  const std::string answer = TestClient::post(port_, "/api/v1/query", R"({"sql":"TORN"})");
  EXPECT_TRUE(has(answer, "first rows"));
  EXPECT_FALSE(answer.ends_with("0\r\n\r\n"));
}

TEST_F(ConsoleTest, ClientThatLeavesStopsItsQuery) {
  start();
  {
    TestClient client(port_);
    client.send(
        "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n{\"sql\":\"HANG\"}");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(wait_for(reader_.stopped));
}

TEST_F(ConsoleTest, SlowReaderHoldsItsQueryBack) {
  start({.limits = {.write_timeout_ms = 500}});
  TestClient client(port_);
  client.send(
      "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n{\"sql\":\"ENDLESS\"}");
  EXPECT_TRUE(wait_for(reader_.stopped));             // cut off after half a second without a read
  EXPECT_LT(reader_.bytes_taken, 64u * 1024 * 1024);  // socket buffers and ours, not more
}

TEST_F(ConsoleTest, SlowQueriesDoNotBlockTheRest) {
  start({.limits = {.max_waiting_queries = 1, .query_threads = 1}});
  const std::string hang =
      "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n{\"sql\":\"HANG\"}";
  TestClient first(port_);
  TestClient second(port_);
  first.send(hang);
  second.send(hang);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(TestClient::get(port_, "/metrics").starts_with("HTTP/1.1 200"));
  const std::string third = TestClient::post(port_, "/api/v1/query", R"({"sql":"HELLO"})");
  EXPECT_TRUE(third.starts_with("HTTP/1.1 429"));
  EXPECT_TRUE(has(third, "Retry-After"));
  console_->stop();  // ends although both hang
  EXPECT_TRUE(reader_.stopped);
}

TEST_F(ConsoleTest, MalformedRequests) {
  start({.limits = {.header_bytes = 4096, .body_bytes = 1000, .header_timeout_ms = 300}});
  const auto answer_to = [&](std::string_view text) {
    TestClient client(port_);
    client.send(text);
    return client.read_all();
  };
  EXPECT_TRUE(answer_to("nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(answer_to("GET http://x/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(answer_to("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(answer_to("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(answer_to("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(8000, 'x') + "\r\n\r\n")
                  .starts_with("HTTP/1.1 431"));
  EXPECT_TRUE(answer_to("POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n")
                  .starts_with("HTTP/1.1 413"));
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nHost: loc"), "");  // too slow: closed after header_timeout_ms
}

TEST_F(ConsoleTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  TestClient client(port_);
  client.send(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15\r\n\r\n{\"sql\":\"HELLO\"}"
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string answers = client.read_all();
  const std::size_t health = answers.find("\"ok\"");
  const std::size_t hello = answers.find("hello, ");
  const std::size_t metrics = answers.find("up 1");
  ASSERT_NE(metrics, std::string::npos);
  EXPECT_LT(health, hello);
  EXPECT_LT(hello, metrics);
}

TEST_F(ConsoleTest, LiveStreamBeginsWithHistoryAndTicks) {
  start({.history_seconds = 30});
  TestClient client(port_);
  client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string stream = client.read_until("event: tick");
  EXPECT_TRUE(has(stream, "Content-Type: text/event-stream"));
  EXPECT_TRUE(has(stream, "event: history"));
  EXPECT_TRUE(has(stream, "\"complete\":true"));
  EXPECT_TRUE(has(stream, "event: tick"));
  console_->stop();  // ends although a viewer is there
}

TEST_F(ConsoleTest, ViewersAreLimited) {
  start({.limits = {.max_viewers = 1}});
  TestClient first(port_);
  first.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  first.read_until("event: history");
  EXPECT_TRUE(TestClient::get(port_, "/api/v1/live").starts_with("HTTP/1.1 503"));
}

TEST_F(ConsoleTest, ConnectionsAreLimited) {
  start({.limits = {.max_connections = 2}});
  TestClient first(port_);
  TestClient second(port_);
  first.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  first.read_until("ok");
  second.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  second.read_until("ok");
  EXPECT_TRUE(TestClient::get(port_, "/healthz").starts_with("HTTP/1.1 503"));
}

}  // namespace
}  // namespace llt::views
