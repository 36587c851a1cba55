// Answers that take work: computed on threads of their own, given up when the client leaves.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <stop_token>

#include "views/answers.h"
#include "views/connection.h"
#include "views/pictures.h"

namespace llt::views {
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr int kMostWaitingGraphs = 8;

/// One answer in the making. Owned by the coroutine that waits for it.
struct Work {
  Route route;
  Target target;
  std::string body;
  std::string if_none_match;
  std::stop_source stop;
};

asio::awaitable<Reply> make_answer(std::shared_ptr<Work> work, ConsoleContext& context) {
  Reply reply = context.pictures.answer(work->route, work->target, work->body, work->stop.get_token());
  co_return with_etag(std::move(reply), work->if_none_match);
}

}  // namespace

// The trace that a page shows is asked for as soon as the browser has started it. Its sketch is made
// meanwhile: one at a time, whoever asks for many pages at once gets no more work done than that.
void Connection::expect_trace(std::string_view path) {
  constexpr std::string_view kPage = "/trace/";
  if (!path.starts_with(kPage) || path.size() == kPage.size() || context_.access.needs_key()) return;
  if (message_->method() != http::verb::get || context_.expecting.exchange(true)) return;
  asio::post(context_.sketch_pool, [id = std::string(path.substr(kPage.size())), &context = context_] {
    context.pictures.expect_trace(id);
    context.expecting = false;
  });
}

asio::awaitable<void> Connection::answer_picture(const Route& route, const Target& target) {
  const auto work = std::make_shared<Work>();
  work->route = route;
  work->target = target;
  work->body = message_->body();
  work->if_none_match = field(*message_, http::field::if_none_match);
  if (!is_slow(route.resource)) {
    auto& pool = context_.pictures.is_soon(route, target) ? context_.sketch_pool : context_.picture_pool;
    Reply reply = co_await asio::co_spawn(pool, make_answer(work, context_), asio::use_awaitable);
    co_await send(reply);
    co_return;
  }
  if (context_.graphs >= kMostWaitingGraphs) {
    const Reply reply = too_many_reply(429, "too many graphs are waiting", "2");
    co_await send(reply);
    co_return;
  }
  ++context_.graphs;
  stops_ = &work->stop;
  when_gone([work] { work->stop.request_stop(); });
  Reply reply =
      co_await asio::co_spawn(context_.graph_pool, make_answer(work, context_), asio::use_awaitable);
  stops_ = nullptr;
  --context_.graphs;
  boost::system::error_code ignored;
  stream_.socket().cancel(ignored);
  co_await send(reply);
}

}  // namespace llt::views
