#pragma once
// A raw HTTP client for the console's tests: it can send what no library would.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace llt::views::testing {

class TestClient {
 public:
  explicit TestClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval timeout{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;
  ~TestClient() { ::close(fd_); }

  [[nodiscard]] bool connected() const { return connected_; }

  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// What comes until the peer closes, `needle` has come, or ten seconds pass without a byte.
  std::string read_until(std::string_view needle) {
    char buffer[4096];
    while (needle.empty() || received_.find(needle) == std::string::npos) {
      const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      received_.append(buffer, static_cast<std::size_t>(count));
    }
    return received_;
  }
  std::string read_all() { return read_until({}); }

  /// One request on a connection of its own, closed after the answer.
  static std::string get(std::uint16_t port, std::string_view target, std::string_view headers = {}) {
    TestClient client(port);
    client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                std::string(headers) + "\r\n");
    return client.read_all();
  }
  static std::string post(std::uint16_t port, std::string_view target, std::string_view body,
                          std::string_view headers = {}) {
    TestClient client(port);
    client.send("POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" +
                std::string(body));
    return client.read_all();
  }

 private:
  int fd_;
  bool connected_ = false;
  std::string received_;
};

}  // namespace llt::views::testing
