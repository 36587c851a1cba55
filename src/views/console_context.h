#pragma once
// What all connections of one console share. Members without a note belong to the console's I/O thread.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <set>

#include "views/access.h"
#include "views/console.h"
#include "views/live_feed.h"
#include "views/pictures.h"

namespace llt::views {

class Session;

struct ConsoleContext {
  ConsoleOptions options;
  Sources sources;
  Access access;
  boost::asio::io_context& io;
  boost::asio::thread_pool& page_pool;     ///< short work for the page; never waits behind a user's query
  boost::asio::thread_pool& query_pool;    ///< users' SQL
  std::atomic<int> queries{0};             ///< running or waiting; any thread
  boost::asio::thread_pool& picture_pool;  ///< traces, models, plans
  boost::asio::thread_pool& sketch_pool;   ///< traces as far as they are known or soon will be
  std::atomic<bool> expecting{false};      ///< a sketch is made that nobody has asked for yet; any thread
  boost::asio::thread_pool& graph_pool;    ///< graphs: one at a time
  int graphs = 0;                          ///< running or waiting
  Pictures& pictures;
  LiveFeed& feed;
  std::set<boost::asio::steady_timer*> viewers{};  ///< cancelled when a new frame is there
  std::set<Session*> sessions{};
  bool stopping = false;
};

}  // namespace llt::views
