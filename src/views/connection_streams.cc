#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>

#include "base/log.h"
#include "views/answers.h"
#include "views/connection.h"
#include "views/http_head.h"
#include "views/query_api.h"

namespace llt::views {
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t kPipeBytes = 256 * 1024;
constexpr auto kKeepAlive = std::chrono::seconds(15);  // a comment now and then keeps idle streams open

}  // namespace

asio::awaitable<void> Connection::answer_query() {
  const ConsoleLimits& limits = context_.options.limits;
  auto query = parse_query(message_->body(), limits.query_timeout_ms, limits.max_query_timeout_ms);
  if (!query) {
    const Reply reply = error_reply(query.error());
    co_await send(reply);
    co_return;
  }
  if (context_.queries >= limits.max_waiting_queries + limits.query_threads) {
    const Reply reply = too_many_reply(429, "too many queries are waiting", "1");
    co_await send(reply);
    co_return;
  }
  const auto pipe = std::make_shared<BytePipe>(stream_.get_executor(), kPipeBytes);
  const std::string_view content_type = store::content_type(query->format);
  query->limits.stop = pipe->stop_token();
  ++context_.queries;
  asio::post(context_.query_pool, [pipe, query = std::move(*query), &context = context_] {
    Result<> outcome;
    try {
      auto done =
          context.sources.reader->query(query.sql, query.format, query.limits,
                                        [&pipe](std::string_view bytes) { return pipe->write(bytes); });
      if (!done) outcome = std::unexpected(std::move(done.error()));
    } catch (const std::exception& error) {
      outcome = fail(ErrorCode::internal, std::string("the query failed: ") + error.what());
    }
    --context.queries;
    pipe->finish(std::move(outcome));
  });
  when_gone([pipe] { pipe->close(); });
  std::optional<std::string> first = co_await pipe->read();
  const Result<> outcome = first ? Result<>{} : pipe->outcome();
  if (!outcome) {
    boost::system::error_code ignored;
    stream_.socket().cancel(ignored);
    const Reply reply = error_reply(outcome.error());
    co_await send(reply);
    co_return;
  }
  co_await send_pieces(*pipe, first, content_type);
}

asio::awaitable<void> Connection::send_pieces(BytePipe& pipe, std::optional<std::string>& piece,
                                              std::string_view content_type) {
  const bool chunked = message_->version() >= 11;
  keep_alive_ = keep_alive_ && chunked;
  HeadBuilder head(200);
  head.add("Content-Type", content_type).add("Cache-Control", "no-store");
  if (chunked) head.add("Transfer-Encoding", "chunked");
  const std::string head_text = head.finish(keep_alive_);
  bool open = co_await write(head_text);
  while (open && piece) {
    if (!piece->empty()) {
      const std::string size = chunked ? chunk_head(piece->size()) : std::string{};
      open = co_await write(size, *piece, chunked ? "\r\n" : "");
    }
    if (open) piece = co_await pipe.read();
  }
  pipe.close();
  const Result<> outcome = pipe.outcome();
  boost::system::error_code ignored;
  stream_.socket().cancel(ignored);
  if (!open || !outcome) {
    // A result that broke off must not look complete: without the last chunk the client sees it.
    if (open) spdlog::warn("a query broke off after its first rows: {}", outcome.error().to_string());
    keep_alive_ = false;
    stream_.close();
    co_return;
  }
  if (chunked && !co_await write("0\r\n\r\n")) keep_alive_ = false;
}

asio::awaitable<void> Connection::stream_live() {
  if (context_.viewers.size() >= static_cast<std::size_t>(context_.options.limits.max_viewers)) {
    const Reply reply = too_many_reply(503, "too many pages watch already", "5");
    co_await send(reply);
    co_return;
  }
  keep_alive_ = false;
  HeadBuilder head(200);
  head.add("Content-Type", "text/event-stream")
      .add("Cache-Control", "no-store")
      .add("X-Accel-Buffering", "no");
  const std::string head_text = head.finish(false);
  const bool only_head = message_->method() == http::verb::head;
  if (!co_await write(head_text, only_head ? "" : "retry: 1000\n\n") || only_head) co_return;
  asio::steady_timer news(stream_.get_executor());
  const auto gone = std::make_shared<bool>(false);
  context_.viewers.insert(&news);
  context_.feed.join();
  when_gone([gone, self = shared_from_this(), this, timer = &news] {
    *gone = true;
    if (context_.viewers.contains(timer)) timer->cancel();
  });
  co_await send_frames(news, *gone);
  context_.viewers.erase(&news);
  context_.feed.leave();
  stream_.close();
}

asio::awaitable<void> Connection::send_frames(asio::steady_timer& news, const bool& gone) {
  const std::string last_event_id(field(*message_, "Last-Event-ID"));
  LiveFrame frame = context_.feed.history(last_event_id);
  std::uint64_t sequence = 0;
  while (!gone && !context_.stopping) {
    if (frame.text) {
      sequence = frame.sequence;
      if (!co_await write(*frame.text)) co_return;
    } else {
      news.expires_after(kKeepAlive);
      const auto [error] = co_await news.async_wait(kTuple);
      if (!error && !co_await write(":\n\n")) co_return;
    }
    bool lost = sequence == 0;
    frame = lost ? LiveFrame{} : context_.feed.next(sequence, lost);
    if (lost)
      frame = context_.feed.history(sequence == 0 ? std::string_view(last_event_id) : std::string_view{});
  }
}

namespace {

// Ends when the peer closes, when it sends more (then it is there), or when the wait is cancelled.
asio::awaitable<void> wait_for_end(std::shared_ptr<Session> keep, asio::ip::tcp::socket& socket,
                                   std::function<void()> action) {
  const auto [error] = co_await socket.async_wait(asio::ip::tcp::socket::wait_read, kTuple);
  char byte = 0;
  const bool more =
      !error && socket.is_open() && ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  if (!more) action();
  (void)keep;
}

}  // namespace

void Connection::when_gone(std::function<void()> action) {
  if (buffer_.size() > 0) return;  // a pipelined request: its sender is there
  asio::co_spawn(stream_.get_executor(),
                 wait_for_end(shared_from_this(), stream_.socket(), std::move(action)), asio::detached);
}

}  // namespace llt::views
