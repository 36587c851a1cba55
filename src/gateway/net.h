#pragma once
// Sockets with deadlines, for coroutines of one thread. TCP and Unix sockets are the same type here.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <limits>
#include <string_view>

#include "base/clock.h"
#include "telemetry/request_record.h"

namespace llt::gateway {

namespace asio = boost::asio;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;
template <class T = void>
using Task = asio::awaitable<T, Executor>;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
inline constexpr auto kUseTask = asio::as_tuple(asio::use_awaitable_t<Executor>{});

class Stream;
using StreamList = boost::intrusive::list<Stream, boost::intrusive::constant_time_size<false>,
                                          boost::intrusive::base_hook<boost::intrusive::list_base_hook<
                                              boost::intrusive::link_mode<boost::intrusive::auto_unlink>>>>;

/// A connected socket, its unread input, and the time by which its current wait must end. A wait that takes
/// longer fails with error::timed_out. All members are for the thread of the socket's io_context.
class Stream
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// Joins `watched`, which Worker sweeps for passed deadlines.
  Stream(Socket socket, StreamList& watched);

  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] boost::beast::flat_buffer& input() noexcept { return input_; }

  /// Opens the socket and connects it.
  Task<> connect(asio::generic::stream_protocol::endpoint peer, asio::generic::stream_protocol protocol,
                 int timeout_ms, error_code& ec);

  /// Reads what there is, at least one byte, into input(); `ec` is error::eof at the end of the stream.
  Task<std::size_t> read(int timeout_ms, error_code& ec);

  /// Writes everything. Tries at once without suspending; if the peer does not take all of it, switches
  /// `clock` (may be null) to `blocked` while waiting and back to Phase::gateway.
  Task<> write(std::string_view head, std::string_view body, int timeout_ms, error_code& ec,
               telemetry::PhaseClock* clock = nullptr, telemetry::Phase blocked = telemetry::Phase::gateway);

  /// The peer has closed its side (or the connection broke). Does not consume input.
  [[nodiscard]] bool peer_closed() noexcept;

  /// Called by the sweeper.
  void check_deadline(SteadyNs now) noexcept;
  /// Ends the current wait, if any, with operation_aborted.
  void cancel() noexcept;
  void close() noexcept;

 private:
  void begin_wait(int timeout_ms) noexcept {
    timed_out_ = false;
    deadline_ = now_steady() + static_cast<SteadyNs>(timeout_ms) * 1'000'000;
  }
  void end_wait(error_code& ec) noexcept;

  static constexpr SteadyNs kNever = std::numeric_limits<SteadyNs>::max();

  Socket socket_;
  boost::beast::flat_buffer input_;
  SteadyNs deadline_ = kNever;
  bool timed_out_ = false;
};

}  // namespace llt::gateway
