#pragma once
// The program's end of the GPU worker: starts it, asks it, notices its death.

#include <sys/types.h>

#include <string>

#include "analytics/gpu/find.h"
#include "analytics/gpu/wire.h"

namespace llt::analytics::gpu {

class WorkerProcess {
 public:
  /// Starts this program again as the worker, with nothing but the GPU `visible` to be seen by CUDA.
  static Result<WorkerProcess> start(const std::string& visible);
  /// Starts it and opens the plugin that is installed. `memory_bytes`: of the GPU, at most; 0: what is free.
  struct Opened;
  static Result<Opened> open(const std::string& visible, llt_rapids_work work, std::uint64_t memory_bytes);
  WorkerProcess(WorkerProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}
  WorkerProcess& operator=(WorkerProcess&&) = delete;
  ~WorkerProcess();

  /// Errors: unavailable (the worker ended, or there is no GPU), resource_exhausted (the GPU's memory),
  /// internal.
  [[nodiscard]] Result<Reply> ask(const Command& command, int fd = -1);
  /// As ask(), with the memory that the answer of a table comes in.
  struct Answer {
    Reply reply;
    SharedMemory memory;
  };
  [[nodiscard]] Result<Answer> ask_table(const llt_rapids_question& question);

 private:
  WorkerProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  [[nodiscard]] Result<Reply> exchange(const Command& command, int fd, int& answer);
  std::string how_it_ended();

  pid_t pid_;
  int socket_;
};

struct WorkerProcess::Opened {
  WorkerProcess worker;
  Reply reply;
};

}  // namespace llt::analytics::gpu
