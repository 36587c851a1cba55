#include "analytics/gpu/wire.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace llt::analytics::gpu {
namespace {

Result<void*> map_shared(int fd, std::uint64_t size) {
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    return fail(ErrorCode::resource_exhausted,
                fmt::format("no {} bytes of shared memory: {}", size, std::strerror(errno)));
  }
  return data;
}

union Control {
  char space[CMSG_SPACE(sizeof(int))] = {};
  cmsghdr align;
};

}  // namespace

Result<SharedMemory> SharedMemory::make(std::uint64_t size) {
  size = std::max<std::uint64_t>(size, 1);
  const int fd = ::memfd_create("llamatelemetry-graph", MFD_CLOEXEC);
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(size)) != 0) {
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    return fail(ErrorCode::resource_exhausted, fmt::format("no shared memory: {}", std::strerror(reason)));
  }
  return map(fd, size);
}

Result<SharedMemory> SharedMemory::map(int fd, std::uint64_t size) {
  const auto data = map_shared(fd, std::max<std::uint64_t>(size, 1));
  if (!data) {
    ::close(fd);
    return std::unexpected(data.error());
  }
  return SharedMemory(fd, *data, std::max<std::uint64_t>(size, 1));
}

template <class Message>
bool send_message(int socket, const Message& message, int fd) {
  iovec piece{const_cast<Message*>(&message), sizeof message};
  Control control;
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control.space;
    header.msg_controllen = sizeof control.space;
    cmsghdr* one = CMSG_FIRSTHDR(&header);
    one->cmsg_level = SOL_SOCKET;
    one->cmsg_type = SCM_RIGHTS;
    one->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(one), &fd, sizeof fd);
  }
  ssize_t sent = 0;
  do sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof message);
}

template <class Message>
bool receive_message(int socket, Message& message, int& fd) {
  fd = -1;
  iovec piece{&message, sizeof message};
  Control control;
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.space;
  header.msg_controllen = sizeof control.space;
  ssize_t got = 0;
  do got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof message)) return false;
  const cmsghdr* one = CMSG_FIRSTHDR(&header);
  if (one != nullptr && one->cmsg_type == SCM_RIGHTS) std::memcpy(&fd, CMSG_DATA(one), sizeof fd);
  return true;
}

template bool send_message(int, const Command&, int);
template bool send_message(int, const Reply&, int);
template bool receive_message(int, Command&, int&);
template bool receive_message(int, Reply&, int&);

}  // namespace llt::analytics::gpu
