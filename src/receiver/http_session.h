#pragma once
// One connection of a sender.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>

#include "receiver/intake.h"

namespace llt::receiver {

/// Answers requests one after the other until the sender leaves. `intake` and `storing`, where bodies are
/// parsed and stored, outlive it.
[[nodiscard]] boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Intake& intake,
                                                 boost::asio::thread_pool& storing);

}  // namespace llt::receiver
