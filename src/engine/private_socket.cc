#include "engine/private_socket.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/unique_fd.h"

namespace llt::engine {
namespace {

constexpr std::string_view kPrefix = "llamatelemetry-";
constexpr std::string_view kSocketName = "engine.sock";

// "llamatelemetry-PID-N" -> PID.
std::optional<pid_t> owner_of(std::string_view folder_name) {
  if (!folder_name.starts_with(kPrefix)) return std::nullopt;
  folder_name.remove_prefix(kPrefix.size());
  pid_t pid = 0;
  const auto [end, ec] = std::from_chars(folder_name.data(), folder_name.data() + folder_name.size(), pid);
  if (ec != std::errc{} || pid <= 0 || end == folder_name.data() + folder_name.size() || *end != '-') {
    return std::nullopt;
  }
  return pid;
}

bool is_ours(const std::filesystem::path& folder) {
  struct stat info {};
  return ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid();
}

// A process that is dead to us may live in another container that shares the folder: then its socket answers.
bool answers(const std::filesystem::path& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.native().size() >= sizeof address.sun_path) return true;
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.native().size() + 1);
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return true;
  const int rc = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return rc == 0 || (errno != ECONNREFUSED && errno != ENOENT && errno != ENOTSOCK);
}

void remove_leftovers(const std::filesystem::path& base) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(base, ignored)) {
    const auto owner = owner_of(entry.path().filename().string());
    if (!owner || !is_ours(entry.path())) continue;
    if (::kill(*owner, 0) == 0 || errno != ESRCH) continue;
    if (answers(entry.path() / kSocketName)) continue;
    std::filesystem::remove(entry.path() / kSocketName, ignored);
    std::filesystem::remove(entry.path(), ignored);  // only when nothing else is in it
  }
}

// The first of these that exists, is writable, and leaves the address short enough for sun_path.
std::vector<std::filesystem::path> candidate_bases() {
  std::vector<std::filesystem::path> bases;
  for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value == '/') bases.emplace_back(value);
  }
  bases.emplace_back("/tmp");
  return bases;
}

bool fits_socket_address(const std::filesystem::path& folder) {
  return folder.native().size() + 1 + kSocketName.size() < sizeof(sockaddr_un::sun_path);
}

}  // namespace

Result<std::shared_ptr<PrivateSocket>> PrivateSocket::create() {
  constexpr int kAttempts = 16;
  static std::atomic<int> counter{0};
  std::string reasons;
  for (const auto& base : candidate_bases()) {
    remove_leftovers(base);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const auto folder =
          base / (std::string(kPrefix) + std::to_string(::getpid()) + "-" + std::to_string(++counter));
      if (!fits_socket_address(folder)) {
        reasons += base.string() + ": path too long; ";
        break;
      }
      // mkdir fails if the name exists, so nobody can have prepared the folder for us.
      if (::mkdir(folder.c_str(), 0700) == 0) {
        return std::shared_ptr<PrivateSocket>(new PrivateSocket(folder));
      }
      if (errno == EEXIST && attempt + 1 < kAttempts) continue;
      reasons += folder.string() + ": " + std::strerror(errno) + "; ";
      break;
    }
  }
  reasons.resize(reasons.size() - 2);
  return fail(ErrorCode::permission_denied,
              "cannot make a private folder for the engine's socket: " + reasons,
              "point XDG_RUNTIME_DIR or TMPDIR at a folder that you can write to, with a short path");
}

PrivateSocket::~PrivateSocket() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
  std::filesystem::remove(folder_, ignored);
}

}  // namespace llt::engine
