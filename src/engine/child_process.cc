#include "engine/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "base/clock.h"
#include "base/time_slice.h"
#include "engine/child_setup.h"
#include "engine/machine.h"

namespace llt::engine {
namespace {

constexpr int kErrorFd = 3;  // in the child: where a failed exec writes errno

// Everything the child needs, made before fork: between fork and exec nothing may allocate or lock.
struct Prepared {
  std::vector<std::string> storage;
  std::vector<char*> argv, envp;
  int output_write = -1;
  int error_write = -1;
  pid_t parent = 0;
};

void point_at(std::vector<char*>& pointers, std::vector<std::string>::iterator first, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) pointers.push_back((first + i)->data());
  pointers.push_back(nullptr);
}

Prepared prepare(const ChildProcess::Command& command) {
  Prepared prepared;
  auto& storage = prepared.storage;
  storage.push_back(command.binary.string());
  storage.insert(storage.end(), command.arguments.begin(), command.arguments.end());
  const auto argument_count = static_cast<std::ptrdiff_t>(storage.size());
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!command.environment.contains(std::string(text.substr(0, text.find('=')))))
      storage.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) {
    storage.emplace_back(name).append("=").append(value);
  }
  point_at(prepared.argv, storage.begin(), argument_count);
  point_at(prepared.envp, storage.begin() + argument_count,
           static_cast<std::ptrdiff_t>(storage.size()) - argument_count);
  return prepared;
}

// If memory runs out, the kernel should take the engine, which we can restart, and not us.
void prefer_as_oom_victim() {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const auto written = ::write(fd, "500", 3);
  ::close(fd);
}

[[noreturn]] void run_child(const Prepared& prepared) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != prepared.parent) ::_exit(125);  // we died before the tie was made
  const int null = ::open("/dev/null", O_RDONLY);
  // The pipes may sit on low numbers: move them up before the standard ones are replaced.
  const int output = ::fcntl(prepared.output_write, F_DUPFD, 16);
  const int error = ::fcntl(prepared.error_write, F_DUPFD, 16);
  ::dup2(null, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  ::dup2(error, kErrorFd);
  ::fcntl(kErrorFd, F_SETFD, FD_CLOEXEC);
  close_descriptors_from(kErrorFd + 1);
  prefer_as_oom_victim();
  reset_signals();
  use_default_slice();
  ::execve(prepared.argv[0], prepared.argv.data(), prepared.envp.data());
  const int reason = errno;
  [[maybe_unused]] const auto written = ::write(kErrorFd, &reason, sizeof reason);
  ::_exit(127);
}

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::resource_exhausted, std::string("cannot make a pipe: ") + std::strerror(errno),
                "raise the limit of open files (ulimit -n)");
  }
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::unexpected<Error> exec_error(const std::filesystem::path& binary, int reason) {
  const std::string what = "cannot execute " + binary.string() + ": " + std::strerror(reason);
  switch (reason) {
    case ENOENT:
      return fail(ErrorCode::not_found, what, "give the path of a llama-server with --llama-server");
    case EACCES:
      return fail(ErrorCode::permission_denied, what, "make it executable: chmod +x " + binary.string());
    case ENOEXEC:
      return fail(ErrorCode::invalid_argument, what,
                  "it is not a program for this machine; build llama-server here");
    default:
      return fail(ErrorCode::internal, what);
  }
}

// errno of a failed exec, or 0 once the pipe closed because exec succeeded.
int read_exec_error(int fd) {
  int reason = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, &reason, sizeof reason);
  } while (got < 0 && errno == EINTR);
  return got == sizeof reason ? reason : 0;
}

UniqueFd open_pidfd(pid_t pid) {
#ifdef SYS_pidfd_open
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
#else
  return UniqueFd();
#endif
}

// The parent of a process: the 2nd field of /proc/PID/stat after the command name, which may hold anything
// but is the last thing in parentheses. 0 when the process is gone.
pid_t parent_of(pid_t pid) {
  const auto text = read_small_file("/proc/" + std::to_string(pid) + "/stat");
  const auto close = text.rfind(')');
  if (close == std::string::npos || close + 4 >= text.size()) return 0;
  pid_t parent = 0;
  std::from_chars(text.data() + close + 4, text.data() + text.size(), parent);
  return parent;
}

}  // namespace

std::string ExitStatus::to_string() const {
  if (!signaled) return "exit code " + std::to_string(value);
  const char* name = ::strsignal(value);
  return "signal " + std::to_string(value) + " (" + (name != nullptr ? name : "unknown") + ")";
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::spawn(const Command& command) {
  auto output = make_pipe();
  auto error = make_pipe();
  if (!output) return std::unexpected(output.error());
  if (!error) return std::unexpected(error.error());
  Prepared prepared = prepare(command);
  prepared.output_write = output->write.get();
  prepared.error_write = error->write.get();
  prepared.parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return fail(ErrorCode::resource_exhausted,
                std::string("cannot start a process: ") + std::strerror(errno));
  }
  if (pid == 0) run_child(prepared);
  ::setpgid(pid, pid);  // also here: whichever of us comes first
  output->write.reset();
  error->write.reset();
  if (const int reason = read_exec_error(error->read.get()); reason != 0) {
    ::waitpid(pid, nullptr, 0);
    return exec_error(command.binary, reason);
  }
  ::fcntl(output->read.get(), F_SETFL, O_NONBLOCK);
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, std::move(output->read), open_pidfd(pid)));
}

ChildProcess::~ChildProcess() {
  if (exit_) return;
  signal_group(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<ExitStatus> ChildProcess::poll_exit() {
  if (exit_) return exit_;
  siginfo_t info{};
  // WNOWAIT keeps the zombie, and with it the group's number, until the rest of the group is killed.
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  ::kill(-pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  guard_.reset();
  exit_ = WIFSIGNALED(status) ? ExitStatus{true, WTERMSIG(status)} : ExitStatus{false, WEXITSTATUS(status)};
  return exit_;
}

std::optional<ExitStatus> ChildProcess::wait_exit(int timeout_ms, int wake_fd) {
  const SteadyNs until = now_steady() + std::int64_t{timeout_ms} * 1'000'000;
  while (true) {
    if (auto status = poll_exit()) return status;
    const auto left = std::clamp<std::int64_t>((until - now_steady() + 999'999) / 1'000'000, 0, timeout_ms);
    std::array<pollfd, 2> fds{pollfd{wake_fd, POLLIN, 0}, pollfd{handle_.get(), POLLIN, 0}};
    const int slice = handle_ ? static_cast<int>(left) : static_cast<int>(std::min<std::int64_t>(left, 20));
    const int ready = ::poll(fds.data(), 2, slice);  // poll skips negative descriptors
    if (ready > 0 && fds[0].revents != 0) return poll_exit();
    if (left == 0) return poll_exit();
  }
}

void ChildProcess::signal_group(int signal_number) noexcept {
  if (exit_) return;
  ::kill(-pid_, signal_number);
}

bool ChildProcess::owns(pid_t other) const {
  constexpr int kMaxDepth = 32;
  for (int depth = 0; depth < kMaxDepth && other > 1; ++depth) {
    if (other == pid_ || ::getpgid(other) == pid_) return true;
    other = parent_of(other);
  }
  return false;
}

}  // namespace llt::engine
