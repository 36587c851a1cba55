#include "analytics/gpu/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "analytics/gpu/worker.h"

extern char** environ;

namespace llt::analytics::gpu {
namespace {

// The environment with CUDA_VISIBLE_DEVICES replaced.
std::vector<std::string> worker_environment(const std::string& visible) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("CUDA_VISIBLE_DEVICES=")) all.emplace_back(*entry);
  }
  all.push_back("CUDA_VISIBLE_DEVICES=" + visible);
  all.emplace_back("CUDA_DEVICE_ORDER=PCI_BUS_ID");  // so that the number means what nvidia-smi means
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Descriptor 3 is the worker's end; what it prints goes to our stderr.
Result<pid_t> spawn(int worker_end, const std::string& visible) {
  std::vector<std::string> arguments{"llamatelemetry", std::string(kWorkerArgument)};
  std::vector<std::string> environment = worker_environment(visible);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, worker_end, kWorkerSocket);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, pointers(arguments).data(),
                                pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return fail(ErrorCode::unavailable, fmt::format("cannot start the GPU worker: {}", std::strerror(error)));
  return pid;
}

}  // namespace

Result<WorkerProcess> WorkerProcess::start(const std::string& visible) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(ErrorCode::resource_exhausted, fmt::format("no socket pair: {}", std::strerror(errno)));
  // dup2 onto itself would leave close-on-exec set: the worker's end must not be number 3 already.
  int worker_end = ends[1];
  if (worker_end == kWorkerSocket) worker_end = ::fcntl(ends[1], F_DUPFD_CLOEXEC, kWorkerSocket + 1);
  const auto pid = spawn(worker_end, visible);
  if (worker_end != ends[1]) ::close(worker_end);
  ::close(ends[1]);
  if (!pid) {
    ::close(ends[0]);
    return std::unexpected(pid.error());
  }
  return WorkerProcess(*pid, ends[0]);
}

WorkerProcess::~WorkerProcess() {
  if (socket_ >= 0) ::close(socket_);
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);  // it holds nothing that has to be put in order
  ::waitpid(pid_, nullptr, 0);
}

std::string WorkerProcess::how_it_ended() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, 0) != pid_) return "the GPU worker is gone";
  pid_ = -1;
  if (WIFSIGNALED(status))
    return fmt::format("the GPU worker ended by signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  return fmt::format("the GPU worker ended with status {}", WEXITSTATUS(status));
}

Result<WorkerProcess::Opened> WorkerProcess::open(const std::string& visible, llt_rapids_work work,
                                                  std::uint64_t memory_bytes) {
  const auto found = find_installation();
  if (!found) return std::unexpected(found.error());
  auto worker = start(visible);
  if (!worker) return std::unexpected(worker.error());
  Command command;
  if (found->plugin.string().size() >= sizeof command.plugin ||
      found->folders.size() >= sizeof command.folders)
    return fail(ErrorCode::invalid_argument, "LLAMATELEMETRY_RAPIDS is too long");
  std::ranges::copy(found->plugin.string(), command.plugin);
  std::ranges::copy(found->folders, command.folders);
  command.work = work;
  command.memory_bytes = memory_bytes;
  auto reply = worker->ask(command);
  if (!reply) return std::unexpected(reply.error());
  return Opened{std::move(*worker), *reply};
}

Result<Reply> WorkerProcess::ask(const Command& command, int fd) {
  int nothing = -1;
  return exchange(command, fd, nothing);
}

Result<WorkerProcess::Answer> WorkerProcess::ask_table(const llt_rapids_question& question) {
  Command command;
  command.order = Order::ask;
  command.question = question;
  int fd = -1;
  const auto reply = exchange(command, -1, fd);
  if (!reply) return std::unexpected(reply.error());
  auto memory = SharedMemory::map(fd, AnswerLayout(reply->rows, reply->columns).size);
  if (!memory) return std::unexpected(memory.error());
  return Answer{*reply, std::move(*memory)};
}

Result<Reply> WorkerProcess::exchange(const Command& command, int fd, int& answer) {
  Reply reply;
  if (pid_ <= 0 || !send_message(socket_, command, fd) || !receive_message(socket_, reply, answer))
    return fail(ErrorCode::unavailable, how_it_ended(), "the CPU does the same: --backend cpu");
  switch (reply.status) {
    case LLT_RAPIDS_OK:
      return reply;
    case LLT_RAPIDS_OUT_OF_MEMORY:
      return fail(ErrorCode::resource_exhausted,
                  fmt::format("the GPU's memory does not suffice: {}", reply.message.text),
                  command.order == Order::load || command.order == Order::run
                      ? "the CPU does the same: --backend cpu; betweenness takes less with --samples"
                      : "the CPU does the same: --backend cpu");
    case LLT_RAPIDS_UNAVAILABLE:
      return fail(ErrorCode::unavailable, fmt::format("no GPU analytics: {}", reply.message.text),
                  "'llamatelemetry doctor' says what is missing; the CPU does the same: --backend cpu");
    default:
      return fail(ErrorCode::internal, fmt::format("RAPIDS: {}", reply.message.text),
                  "the CPU does the same: --backend cpu");
  }
}

}  // namespace llt::analytics::gpu
