#include "app/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

namespace llt::app {
namespace {

constexpr std::size_t kDefaultWidth = 100;
constexpr std::size_t kDefaultHeight = 24;

winsize window() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

}  // namespace

std::size_t terminal_width() {
  const winsize size = window();
  return size.ws_col > 0 ? size.ws_col : kDefaultWidth;
}

std::size_t terminal_height() {
  const winsize size = window();
  return size.ws_row > 0 ? size.ws_row : kDefaultHeight;
}

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }

struct RawTerminal::Saved {
  termios settings;
};

RawTerminal::RawTerminal() {
  termios current{};
  if (tcgetattr(STDIN_FILENO, &current) == 0) {
    saved_ = std::make_unique<Saved>(Saved{current});
    current.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO));
    current.c_cc[VMIN] = 0;
    current.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &current);
  }
  std::fputs("\033[?1049h\033[?25l", stdout);
  std::fflush(stdout);
}

RawTerminal::~RawTerminal() {
  std::fputs("\033[?25h\033[?1049l", stdout);
  std::fflush(stdout);
  if (saved_) tcsetattr(STDIN_FILENO, TCSANOW, &saved_->settings);
}

std::optional<char> RawTerminal::read_key(int timeout_ms) const {
  pollfd input{saved_ ? STDIN_FILENO : -1, POLLIN, 0};
  if (poll(&input, 1, timeout_ms) <= 0) return std::nullopt;
  char key = 0;
  if (read(STDIN_FILENO, &key, 1) != 1) return std::nullopt;
  return key;
}

}  // namespace llt::app
