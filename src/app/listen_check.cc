#include "app/listen_check.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

namespace llt::app {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// The inodes of the sockets that listen on `port`, from one of /proc/net/tcp and tcp6.
void add_listening_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  constexpr std::string_view kListenState = "0A";
  const std::string suffix = fmt::format(":{:04X}", port);
  std::ifstream in(table);
  std::string line;
  std::getline(in, line);  // headings
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    if (state == kListenState && local.ends_with(suffix)) inodes.insert("socket:[" + inode + "]");
  }
}

bool holds_one_of(const std::filesystem::path& descriptors, const std::set<std::string>& sockets) {
  std::error_code ec;
  for (auto it = std::filesystem::directory_iterator(descriptors, ec); !ec && it != std::filesystem::end(it);
       it.increment(ec)) {
    std::error_code unreadable;
    const auto target = std::filesystem::read_symlink(it->path(), unreadable);
    if (!unreadable && sockets.contains(target.string())) return true;
  }
  return false;
}

Error in_use(const Endpoint& endpoint, const std::string& flag) {
  const auto holder = find_port_holder(endpoint.port);
  const std::string who =
      holder ? fmt::format("process {} ({})", holder->pid, holder->name) : std::string("another process");
  return {ErrorCode::already_exists,
          fmt::format("port {} of {} is held by {}", endpoint.port, endpoint.host, who),
          fmt::format("stop that process, or choose another port with {}", flag)};
}

// 0, or the errno with which the address cannot be listened on.
int try_listen(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return errno;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // listen() too: with SO_REUSEADDR, bind() alone can succeed beside a listener's address.
  const int code = ::bind(fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(fd, 1) == 0 ? 0 : errno;
  ::close(fd);
  return code;
}

}  // namespace

std::optional<PortHolder> find_port_holder(std::uint16_t port) {
  std::set<std::string> sockets;
  add_listening_inodes("/proc/net/tcp", port, sockets);
  add_listening_inodes("/proc/net/tcp6", port, sockets);
  if (sockets.empty()) return std::nullopt;
  std::error_code ec;
  for (auto it = std::filesystem::directory_iterator("/proc", ec); !ec && it != std::filesystem::end(it);
       it.increment(ec)) {
    const std::string name = it->path().filename().string();
    std::int64_t pid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc{} || end != name.data() + name.size()) continue;
    if (!holds_one_of(it->path() / "fd", sockets)) continue;
    PortHolder holder{pid, "?"};
    std::ifstream comm(it->path() / "comm");
    std::getline(comm, holder.name);
    return holder;
  }
  return std::nullopt;
}

Result<> check_can_listen(const Endpoint& endpoint, const std::string& flag) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (code != 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: cannot find the address '{}': {}", flag, endpoint.host, gai_strerror(code)));
  }
  const AddressList addresses(found, &freeaddrinfo);
  switch (const int problem = try_listen(*addresses)) {
    case 0:
      return {};
    case EADDRINUSE:
      return std::unexpected(in_use(endpoint, flag));
    case EACCES:
      return fail(ErrorCode::permission_denied,
                  fmt::format("port {} needs rights that this user does not have", endpoint.port),
                  fmt::format("choose a port from 1024 up with {}", flag));
    case EADDRNOTAVAIL:
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} is not an address of this machine", endpoint.host),
                  fmt::format("choose one of its own addresses with {}", flag));
    default:
      return fail(ErrorCode::internal,
                  fmt::format("cannot listen on {}: {}", endpoint.to_string(), std::strerror(problem)));
  }
}

std::string reachable_url(const Endpoint& bound) {
  Endpoint reachable = bound;
  if (reachable.host == "0.0.0.0") reachable.host = "127.0.0.1";
  if (reachable.host == "::") reachable.host = "::1";
  return "http://" + reachable.to_string();
}

}  // namespace llt::app
