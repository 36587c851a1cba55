#pragma once
// Kills a process group when we die, however we die. The kernel does that for a direct child only
// (PR_SET_PDEATHSIG); a llama-server behind a wrapper script, or the tools it starts itself, would live on.

#include <sys/types.h>

#include <memory>

#include "engine/unique_fd.h"

namespace llt::engine {

/// A tiny shell that waits on a pipe from us: its end without a word means that we are gone. The destructor
/// sends it away. Best effort: without /bin/sh there is no guard.
class GroupGuard {
 public:
  explicit GroupGuard(pid_t group);
  ~GroupGuard();
  GroupGuard(const GroupGuard&) = delete;
  GroupGuard& operator=(const GroupGuard&) = delete;

 private:
  UniqueFd line_;
  pid_t shell_ = -1;
};

}  // namespace llt::engine
