#include "store/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/clock.h"

namespace llt::store {
namespace {

std::string read_pid(int fd) {
  char text[32]{};
  const ssize_t n = ::pread(fd, text, sizeof text - 1, 0);
  std::string pid(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "unknown" : pid;
}

Error held_error(const DataFiles& files, int fd) {
  return {ErrorCode::already_exists,
          fmt::format("the store in {} is in use by process {}", files.dir.string(), read_pid(fd)),
          "stop that process or use another --data"};
}

Error system_error(const std::filesystem::path& path, int error) {
  const ErrorCode code = error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE
                             ? ErrorCode::resource_exhausted
                             : ErrorCode::permission_denied;
  return {code, fmt::format("cannot write {}: {}", path.string(), std::strerror(error)),
          "use another --data"};
}

/// Another reader tests the lock for an instant; a writer that meets it tries again.
bool lock_soon(int fd, int kind) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    if (::flock(fd, kind | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    ::usleep(10'000);
  }
  return false;
}

}  // namespace

std::uint64_t DataFiles::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : {database, log}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error) sum += size;
  }
  return sum;
}

Result<std::filesystem::path> DataFiles::move_aside() const {
  const std::time_t now = static_cast<std::time_t>(now_unix() / 1'000'000'000);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
  std::filesystem::path target = dir / fmt::format("telemetry.damaged-{}.duckdb", stamp);
  for (int n = 2; std::filesystem::exists(target); ++n) {
    target = dir / fmt::format("telemetry.damaged-{}-{}.duckdb", stamp, n);
  }
  std::error_code error;
  if (std::filesystem::exists(log)) std::filesystem::rename(log, target.string() + ".wal", error);
  if (!error && std::filesystem::exists(database)) std::filesystem::rename(database, target, error);
  if (error)
    return fail(ErrorCode::permission_denied,
                fmt::format("cannot rename {}: {}", database.string(), error.message()));
  return target;
}

Result<WriterLock> WriterLock::acquire(const DataFiles& files) {
  std::error_code error;
  std::filesystem::create_directories(files.dir, error);
  if (error) return std::unexpected(system_error(files.dir, error.value()));
  const int fd = ::open(files.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return std::unexpected(system_error(files.lock, errno));
  WriterLock lock(fd);
  if (!lock_soon(fd, LOCK_EX)) return std::unexpected(held_error(files, fd));
  // On a full disk the pid cannot be written; the lock itself holds all the same.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) == 0) static_cast<void>(!::pwrite(fd, pid.data(), pid.size(), 0));
  return lock;
}

WriterLock::WriterLock(WriterLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

WriterLock::~WriterLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<> check_no_writer(const DataFiles& files) {
  const int fd = ::open(files.lock.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};  // no writer ever, or not ours to read: DuckDB's own lock decides
  const bool is_free = ::flock(fd, LOCK_SH | LOCK_NB) == 0;
  Result<> result;
  if (!is_free && errno == EWOULDBLOCK) result = std::unexpected(held_error(files, fd));
  ::close(fd);
  return result;
}

ScratchDir::~ScratchDir() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace llt::store
