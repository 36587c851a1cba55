#pragma once
// The terminal that stdout may be.

#include <cstddef>
#include <memory>
#include <optional>

namespace llt::app {

/// Columns of the terminal on stdout; 100 when it is none or does not say.
[[nodiscard]] std::size_t terminal_width();
[[nodiscard]] std::size_t terminal_height();  ///< 24 when unknown
[[nodiscard]] bool stdout_is_terminal();

/// While it lives: keys arrive unechoed and at once, the alternate screen is shown, the cursor hidden. The
/// destructor restores all three.
class RawTerminal {
 public:
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  /// The next key within `timeout_ms`; nothing when none came or stdin is no terminal.
  [[nodiscard]] std::optional<char> read_key(int timeout_ms) const;

 private:
  struct Saved;
  std::unique_ptr<Saved> saved_;  ///< empty when stdin is no terminal
};

}  // namespace llt::app
