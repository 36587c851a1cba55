#pragma once
// How our coroutines wait for Boost.Asio: errors come back as values.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace llt {

/// `const auto [error, ...] = co_await something.async_...(kTuple)`: nothing is thrown.
inline constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace llt
