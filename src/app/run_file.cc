#include "app/run_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

namespace llt::app {
namespace {

constexpr const char* kRunFile = "run.json";
constexpr const char* kLockFile = "lock";

std::unexpected<Error> system_error(std::string_view action, const std::filesystem::path& path) {
  const int code = errno;
  const ErrorCode kind = code == EACCES || code == EPERM || code == EROFS ? ErrorCode::permission_denied
                         : code == ENOSPC || code == EMFILE               ? ErrorCode::resource_exhausted
                                                                          : ErrorCode::internal;
  return fail(kind, fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(code)),
              "choose another folder with --data, or mend this one");
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::optional<RunInfo> parse_run_info(const std::string& text) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  try {
    RunInfo info;
    info.pid = document.at("pid").get<std::int64_t>();
    info.pid_start_ticks = document.at("pid_start_ticks").get<std::uint64_t>();
    info.console = document.at("console").get<std::string>();
    info.gateway = document.at("gateway").get<std::string>();
    info.version = document.value("version", "");
    info.started_unix_ns = document.value("started_unix_ns", UnixNs{0});
    return info;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

Result<RunFile> RunFile::write(const std::filesystem::path& data, const RunInfo& info) {
  const nlohmann::ordered_json document = {
      {"pid", info.pid},         {"pid_start_ticks", info.pid_start_ticks},
      {"console", info.console}, {"gateway", info.gateway},
      {"version", info.version}, {"started_unix_ns", info.started_unix_ns},
  };
  const auto path = data / kRunFile;
  const auto beside = data / fmt::format("{}.{}", kRunFile, info.pid);
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return system_error("write", beside);
  const bool written = write_all(fd, document.dump() + "\n");
  if (::close(fd) != 0 || !written || ::rename(beside.c_str(), path.c_str()) != 0) {
    auto error = system_error("write", path);
    ::unlink(beside.c_str());
    return error;
  }
  return RunFile(path);
}

RunFile::RunFile(RunFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

RunFile::~RunFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

std::optional<std::uint64_t> process_start_ticks(std::int64_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  // The command name is in parentheses and may hold anything; fields 3 and on follow the last ')'.
  const std::size_t close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(close + 1));
  constexpr int kStartTimeField = 22;
  std::string field;
  for (int i = 3; i <= kStartTimeField; ++i) fields >> field;
  try {
    return std::stoull(field);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::optional<RunInfo> find_running(const std::filesystem::path& data) {
  std::ifstream in(data / kRunFile);
  if (!in) return std::nullopt;
  auto info = parse_run_info(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!info || process_start_ticks(info->pid) != info->pid_start_ticks) return std::nullopt;
  return info;
}

Result<DataLock> DataLock::take(const std::filesystem::path& data) {
  std::error_code ec;
  const bool existed = std::filesystem::exists(data, ec);
  std::filesystem::create_directories(data, ec);
  if (ec) {
    errno = ec.value();
    return system_error("create", data);
  }
  if (!existed) ::chmod(data.c_str(), 0700);  // prompts may be stored here
  const auto path = data / kLockFile;
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return system_error("open", path);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    ::close(fd);
    errno = code;
    if (code != EWOULDBLOCK) return system_error("lock", path);
    const auto running = find_running(data);
    const std::string who = running ? fmt::format(" (process {}, {})", running->pid, running->gateway) : "";
    return fail(ErrorCode::already_exists,
                fmt::format("another 'llamatelemetry up' uses {}{}", data.string(), who),
                "stop it, or give this one a --data folder of its own");
  }
  return DataLock(fd);
}

DataLock::DataLock(DataLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DataLock::~DataLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace llt::app
