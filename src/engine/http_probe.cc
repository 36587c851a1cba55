#include "engine/http_probe.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/clock.h"
#include "engine/unique_fd.h"

namespace llt::engine {
namespace {

class Deadline {
 public:
  explicit Deadline(int timeout_ms) : at_(now_steady() + std::int64_t{timeout_ms} * 1'000'000) {}
  [[nodiscard]] int left_ms() const {
    return static_cast<int>(
        std::clamp<std::int64_t>((at_ - now_steady() + 999'999) / 1'000'000, 0, 3'600'000));
  }

 private:
  SteadyNs at_;
};

std::unexpected<Error> broken(const HttpProbe& probe, const char* what, int error) {
  return fail(ErrorCode::unavailable,
              std::string(what) + " " + probe.endpoint.to_string() + ": " + std::strerror(error));
}

// Waits until `fd` is ready for `events`.
Result<> wait_for(const HttpProbe& probe, int fd, short events, const Deadline& deadline) {
  while (true) {
    std::array<pollfd, 2> fds{pollfd{fd, events, 0}, pollfd{probe.cancel_fd, POLLIN, 0}};
    const int left = deadline.left_ms();
    const int ready = ::poll(fds.data(), probe.cancel_fd >= 0 ? 2 : 1, left);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return broken(probe, "cannot wait for", errno);
    if (probe.cancel_fd >= 0 && fds[1].revents != 0)
      return fail(ErrorCode::timeout, "the probe was cancelled");
    if (fds[0].revents != 0) return {};
    if (left == 0) {
      return fail(ErrorCode::timeout, probe.endpoint.to_string() + " did not answer " + probe.target +
                                          " within " + std::to_string(probe.timeout_ms) + " ms");
    }
  }
}

Result<> finish_connect(const HttpProbe& probe, int fd, const sockaddr* address, socklen_t size,
                        const Deadline& deadline) {
  if (::connect(fd, address, size) == 0) return {};
  // A Unix socket with a full backlog says EAGAIN; the server is there but does not accept.
  if (errno == EAGAIN) return fail(ErrorCode::timeout, probe.endpoint.to_string() + " accepts no connection");
  if (errno != EINPROGRESS && errno != EINTR) return broken(probe, "cannot connect to", errno);
  if (auto ready = wait_for(probe, fd, POLLOUT, deadline); !ready) return ready;
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return broken(probe, "cannot connect to", error);
  return {};
}

Result<UniqueFd> connect_unix(const HttpProbe& probe, const Deadline& deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& path = probe.endpoint.unix_path;
  if (path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::invalid_argument, "socket path " + path + " is too long");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return broken(probe, "cannot make a socket for", errno);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (auto done = finish_connect(probe, fd.get(), generic, sizeof address, deadline); !done) {
    return std::unexpected(done.error());
  }
  return fd;
}

Result<UniqueFd> connect_tcp(const HttpProbe& probe, const Deadline& deadline) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(probe.endpoint.port);
  if (const int rc = ::getaddrinfo(probe.endpoint.host.c_str(), port.c_str(), &hints, &found); rc != 0) {
    return fail(ErrorCode::unavailable, "cannot resolve " + probe.endpoint.host + ": " + ::gai_strerror(rc));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Result<UniqueFd> last = fail(ErrorCode::unavailable, probe.endpoint.host + " has no address");
  for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
    UniqueFd fd(::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol));
    if (!fd) continue;
    auto done = finish_connect(probe, fd.get(), one->ai_addr, one->ai_addrlen, deadline);
    if (done) return fd;
    last = std::unexpected(done.error());
  }
  return last;
}

Result<> send_all(const HttpProbe& probe, int fd, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (auto ready = wait_for(probe, fd, POLLOUT, deadline); !ready) return ready;
    } else {
      return broken(probe, "cannot send to", errno);
    }
  }
  return {};
}

pid_t peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  const bool known = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0;
  return known ? credentials.pid : 0;
}

Result<HttpReply> receive(const HttpProbe& probe, int fd, const Deadline& deadline) {
  ResponseReader reader(probe.max_body_bytes);
  std::array<char, 16 * 1024> buffer{};
  auto progress = ResponseReader::Progress::more;
  while (progress == ResponseReader::Progress::more) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      progress = reader.feed({buffer.data(), static_cast<std::size_t>(got)});
    } else if (got == 0) {
      progress = reader.end();
    } else if (errno == EAGAIN || errno == EINTR) {
      if (auto ready = wait_for(probe, fd, POLLIN, deadline); !ready) return std::unexpected(ready.error());
    } else {
      return broken(probe, "lost", errno);
    }
  }
  if (progress == ResponseReader::Progress::bad) {
    return fail(ErrorCode::data_loss,
                probe.endpoint.to_string() + " gave no complete HTTP answer to " + probe.target);
  }
  return HttpReply{reader.status(), reader.take_body(), 0};
}

}  // namespace

Result<HttpReply> http_get(const HttpProbe& probe) {
  const Deadline deadline(probe.timeout_ms);
  const bool local = probe.endpoint.is_unix();
  auto fd = local ? connect_unix(probe, deadline) : connect_tcp(probe, deadline);
  if (!fd) return std::unexpected(fd.error());
  std::string request = "GET " + probe.target +
                        " HTTP/1.1\r\nHost: " + (local ? "localhost" : probe.endpoint.to_string()) +
                        "\r\nConnection: close\r\nAccept: */*\r\n";
  if (!probe.bearer.empty()) request += "Authorization: Bearer " + probe.bearer + "\r\n";
  request += "\r\n";
  if (auto sent = send_all(probe, fd->get(), request, deadline); !sent) return std::unexpected(sent.error());
  auto reply = receive(probe, fd->get(), deadline);
  if (reply && local) reply->peer_pid = peer_of(fd->get());
  return reply;
}

}  // namespace llt::engine
