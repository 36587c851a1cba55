#include "app/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/print.h"

namespace llt::app {

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) == 1), begin_(now_steady()), last_(begin_) {}

bool ProgressLine::due() {
  constexpr SteadyNs kInterval = 100'000'000;
  return terminal_ && now_steady() - last_ >= kInterval;
}

void ProgressLine::show(const std::string& text) {
  if (!terminal_) return;
  last_ = now_steady();
  shown_ = true;
  print_err("\r\033[K{}", text);
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (shown_) print_err("\r\033[K");
  shown_ = false;
}

}  // namespace llt::app
