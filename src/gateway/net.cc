#include "gateway/net.h"

#include <sys/socket.h>

#include <array>

namespace llt::gateway {

Stream::Stream(Socket socket, StreamList& watched) : socket_(std::move(socket)) {
  error_code ignored;
  if (socket_.is_open()) socket_.non_blocking(true, ignored);
  watched.push_back(*this);
}

Task<> Stream::connect(asio::generic::stream_protocol::endpoint peer, asio::generic::stream_protocol protocol,
                       int timeout_ms, error_code& ec) {
  close();
  socket_.open(protocol, ec);
  if (!ec) socket_.non_blocking(true, ec);
  if (ec) co_return;
  begin_wait(timeout_ms);
  auto [error] = co_await socket_.async_connect(peer, kUseTask);
  ec = error;
  end_wait(ec);
}

void Stream::end_wait(error_code& ec) noexcept {
  deadline_ = kNever;
  if (ec == asio::error::operation_aborted && timed_out_) ec = asio::error::timed_out;
}

Task<std::size_t> Stream::read(int timeout_ms, error_code& ec) {
  constexpr std::size_t kReadSize = 16 * 1024;
  begin_wait(timeout_ms);
  auto [error, size] = co_await socket_.async_read_some(input_.prepare(kReadSize), kUseTask);
  ec = error;
  end_wait(ec);
  input_.commit(size);
  co_return size;
}

Task<> Stream::write(std::string_view head, std::string_view body, int timeout_ms, error_code& ec,
                     telemetry::PhaseClock* clock, telemetry::Phase blocked) {
  while (!head.empty() || !body.empty()) {
    const std::array buffers{asio::const_buffer(head.data(), head.size()),
                             asio::const_buffer(body.data(), body.size())};
    std::size_t written = socket_.write_some(buffers, ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      if (clock != nullptr) clock->enter(blocked);
      begin_wait(timeout_ms);
      auto [error] = co_await socket_.async_wait(Socket::wait_write, kUseTask);
      ec = error;
      end_wait(ec);
      if (clock != nullptr) clock->enter(telemetry::Phase::gateway);
      if (ec) co_return;
      continue;
    }
    if (ec) co_return;
    const std::size_t from_head = std::min(written, head.size());
    head.remove_prefix(from_head);
    body.remove_prefix(written - from_head);
  }
}

bool Stream::peer_closed() noexcept {
  char byte = 0;
  const auto received = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (received > 0) return false;
  return received == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void Stream::check_deadline(SteadyNs now) noexcept {
  if (now < deadline_) return;
  timed_out_ = true;
  deadline_ = kNever;
  cancel();
}

void Stream::cancel() noexcept {
  error_code ignored;
  socket_.cancel(ignored);
}

void Stream::close() noexcept {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace llt::gateway
