#include "analytics/job.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "analytics/job_blob.h"

extern char** environ;

namespace llt::analytics {
namespace {

constexpr int kInput = 3, kOutput = 4;
constexpr int kFirstFree = 10;  // descriptors of ours from here on: never one that the job gets
constexpr int kLowestPriority = 19;
constexpr auto kPollUs = 10'000;

/// A file without a name.
class Scratch {
 public:
  static Result<Scratch> make() {
    const int fd = ::memfd_create("llamatelemetry-job", MFD_CLOEXEC);
    const int high = fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFree);
    if (fd >= 0) ::close(fd);
    if (high < 0)
      return fail(ErrorCode::resource_exhausted, fmt::format("no memory file: {}", std::strerror(errno)));
    return Scratch(high);
  }
  Scratch(Scratch&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  explicit Scratch(int fd) : fd_(fd) {}
  int fd_;
};

Result<> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      return fail(ErrorCode::resource_exhausted,
                  fmt::format("no memory for a graph: {}", std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> read_all(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail(ErrorCode::internal, "a graph job's data cannot be read");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(ErrorCode::internal, "a graph job's data cannot be read");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<pid_t> spawn(int input, int output) {
  std::string name = "llamatelemetry", argument(kJobArgument);
  const std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, input, kInput);
  posix_spawn_file_actions_adddup2(&actions, output, kOutput);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Signals that this program takes as values are blocked in its threads; the job gets them as they come.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return fail(ErrorCode::unavailable, fmt::format("cannot start a graph job: {}", std::strerror(error)));
  return pid;
}

// Waits for the end of the job; ends it when it is not wanted any more.
Result<> wait_for(pid_t pid, const std::stop_token& stop) {
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (stop.stop_requested()) {
      ::kill(pid, SIGKILL);  // it holds nothing that has to be put in order
      ::waitpid(pid, &status, 0);
      return fail(ErrorCode::unavailable, "the graph's analysis was stopped");
    }
    ::usleep(kPollUs);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
    return fail(ErrorCode::resource_exhausted,
                "the graph's analysis was killed: most likely there is no memory for it",
                "ask for a smaller graph, or for less of it");
  return fail(ErrorCode::internal, "the graph's analysis broke off",
              "'llamatelemetry graph' runs the same and shows what it says");
}

Result<std::vector<Run>> run_all(const JobInput& input) {
  std::vector<Run> runs;
  for (const Request& request : input.requests) {
    auto run = analyse(input.edges, request, input.want, input.gpu, [](double) {});
    if (!run) return std::unexpected(std::move(run.error()));
    runs.push_back(std::move(*run));
  }
  return runs;
}

}  // namespace

Result<std::vector<Run>> analyse_apart(const EdgeList& edges, std::span<const Request> requests, Want want,
                                       const GpuOptions& gpu, const std::stop_token& stop) {
  const auto input = Scratch::make();
  const auto output = Scratch::make();
  if (!input || !output) return std::unexpected(input ? output.error() : input.error());
  std::string bytes;
  append_job_input(edges, requests, want, gpu, bytes);
  if (auto written = write_all(input->fd(), bytes); !written) return std::unexpected(written.error());
  bytes = {};
  const auto pid = spawn(input->fd(), output->fd());
  if (!pid) return std::unexpected(pid.error());
  if (auto ended = wait_for(*pid, stop); !ended) return std::unexpected(ended.error());
  auto answer = read_all(output->fd());
  if (!answer) return std::unexpected(answer.error());
  return parse_job_output(*answer);
}

int run_job() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "llt-graph");
  ::setpriority(PRIO_PROCESS, 0, kLowestPriority);
  auto bytes = read_all(kInput);
  if (!bytes) return 1;
  auto input = parse_job_input(*bytes);
  if (!input) return 1;
  bytes->clear();
  std::string answer;
  append_job_output(run_all(*input), answer);
  return write_all(kOutput, answer) ? 0 : 1;
}

}  // namespace llt::analytics
