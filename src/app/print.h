#pragma once
// Results on stdout, words beside them on stderr. Neither throws when nobody takes them, as fmt::print()
// does: a server goes on, a command ends with an exit code.

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/error.h"

namespace llt::app {

/// False when stdout did not take it now or before; what comes later is then not written. The program's last
/// word on it is stdout_status().
bool write_out(std::string_view text);

template <class... T>
void print_out(fmt::format_string<T...> format, T&&... values) {
  write_out(fmt::format(format, std::forward<T>(values)...));
}

/// Flushes stdout. Errors (unavailable): not all that was written could be.
[[nodiscard]] Result<> flush_out();

/// The last word of a command: says what flush_out() finds, unless it was asked before, and makes a success
/// of `code` a failure then.
[[nodiscard]] int stdout_status(int code);

/// Whether stderr takes it makes no difference to anything.
void write_err(std::string_view text);

template <class... T>
void print_err(fmt::format_string<T...> format, T&&... values) {
  write_err(fmt::format(format, std::forward<T>(values)...));
}

}  // namespace llt::app
