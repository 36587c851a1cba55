#pragma once
// One child process in a process group of its own, tied to our life: it dies when we do, however we die.

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/group_guard.h"
#include "engine/unique_fd.h"

namespace llt::engine {

struct ExitStatus {
  bool signaled = false;
  int value = 0;  ///< the signal's number, otherwise the exit code

  /// "exit code 1" or "signal 9 (Killed)".
  [[nodiscard]] std::string to_string() const;
};

/// Not thread-safe, except where it says so. The kernel ties the child to the *thread* that spawned it
/// (PR_SET_PDEATHSIG), so that thread must live as long as this object.
class ChildProcess {
 public:
  struct Command {
    std::filesystem::path binary;
    std::vector<std::string> arguments;              ///< without argv[0]
    std::map<std::string, std::string> environment;  ///< replaces what ours has
  };

  /// Fails when the binary cannot be executed: not found, no permission, not a program for this machine.
  [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> spawn(const Command& command);
  /// Kills the whole group and reaps.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// The read end of what it prints on stdout and stderr; non-blocking.
  [[nodiscard]] int output_fd() const noexcept { return output_.get(); }

  /// Set once the process itself has ended; whatever is left of its group is killed then.
  [[nodiscard]] std::optional<ExitStatus> poll_exit();
  /// Waits until it ends, `wake_fd` becomes readable (negative: none) or `timeout_ms` passed.
  [[nodiscard]] std::optional<ExitStatus> wait_exit(int timeout_ms, int wake_fd);

  /// Sends to the process and all of its group.
  void signal_group(int signal_number) noexcept;

  /// True when `other` is the child or runs in its group or below it.
  [[nodiscard]] bool owns(pid_t other) const;

 private:
  ChildProcess(pid_t pid, UniqueFd output, UniqueFd handle)
      : pid_(pid),
        output_(std::move(output)),
        handle_(std::move(handle)),
        guard_(std::make_unique<GroupGuard>(pid)) {}

  pid_t pid_;
  UniqueFd output_;
  UniqueFd handle_;                    // pidfd; empty on kernels without
  std::unique_ptr<GroupGuard> guard_;  // empty once the group is gone
  std::optional<ExitStatus> exit_;
};

}  // namespace llt::engine
