#include "app/signals.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>

namespace llt::app {
namespace {

// A terminal that closes stops us as Ctrl-C does; under nohup that signal is ignored and stays so.
bool hangup_stops() {
  struct sigaction now {};
  return sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler != SIG_IGN;
}

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (hangup_stops()) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void block_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::optional<int> wait_stop_signal(int timeout_ms) {
  const sigset_t set = stop_signals();
  timespec timeout{timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000L};
  const int number = sigtimedwait(&set, nullptr, &timeout);
  if (number < 0) return std::nullopt;  // time is up, or interrupted by a debugger
  return number;
}

void raise_file_limit() {
  constexpr rlim_t kEnough = 1 << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kEnough));
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace llt::app
