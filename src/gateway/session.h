#pragma once
// One client connection: its requests, one after the other (pipelined ones wait in the input buffer).

#include <memory>
#include <optional>
#include <string>

#include "gateway/errors.h"
#include "gateway/http_head.h"
#include "gateway/net.h"

namespace llt::gateway {

class Worker;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Worker& worker, Socket socket, std::string client_address, std::uint16_t client_port);
  Session(const Session&) = delete;
  ~Session();

  /// Serves requests until the connection ends. Keeps itself alive.
  Task<> run();
  /// Answers 503: too many connections.
  Task<> refuse();

  /// Closes the connection if no request is running on it.
  void close_if_idle() noexcept;
  void abort() noexcept;

  [[nodiscard]] Stream& client() noexcept { return client_; }
  [[nodiscard]] const std::string& client_address() const noexcept { return client_address_; }
  [[nodiscard]] std::uint16_t client_port() const noexcept { return client_port_; }

  /// From now on, a client that closes its connection cancels what `upstream` waits for. Null ends it.
  /// Free for short requests: look_for_client() begins the watch.
  void cancel_when_client_leaves(Stream* upstream) noexcept { cancel_target_ = upstream; }
  /// Called by the sweeper: watches the client of a request that has been waiting for a while.
  void look_for_client();
  [[nodiscard]] bool client_gone() const noexcept { return client_gone_; }

 private:
  Task<bool> serve_one();
  Task<bool> read_head(RequestReader& reader, SteadyNs& first_byte);
  Task<> answer_bad_request(const GatewayError& error);
  Task<> linger();
  void watch_client();
  void cancel_if_client_left();

  Worker& worker_;
  Stream client_;
  std::string client_address_;
  std::uint16_t client_port_;
  Stream* cancel_target_ = nullptr;
  bool watching_ = false;
  bool client_gone_ = false;
  bool idle_ = true;
};

/// Parses what `input` holds. `ec` is set for damaged messages only; needing more input is no error.
template <bool is_request>
void feed(MessageReader<is_request>& reader, boost::beast::flat_buffer& input, error_code& ec) {
  ec = {};
  while (input.size() > 0 && !reader.is_done()) {
    const std::size_t used = reader.put(input.data(), ec);
    input.consume(used);
    if (ec == http::error::need_more) {
      ec = {};
      return;
    }
    if (ec) return;
  }
}

}  // namespace llt::gateway
