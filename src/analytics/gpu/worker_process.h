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
  WorkerProcess(WorkerProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}
  WorkerProcess& operator=(WorkerProcess&&) = delete;
  ~WorkerProcess();

  /// Errors: unavailable (the worker ended, or there is no GPU), resource_exhausted (the GPU's memory),
  /// internal.
  [[nodiscard]] Result<Reply> ask(const Command& command, int fd = -1);

 private:
  WorkerProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  std::string how_it_ended();

  pid_t pid_;
  int socket_;
};

}  // namespace llt::analytics::gpu
