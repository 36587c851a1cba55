#pragma once
// How operations fail. Three kinds of error are never mixed (ARCHITECTURE.md): our own bugs end in
// LLT_CHECK, failed operations return Result<T>, and bad or lost data is counted in losses.h.

#include <cstdio>
#include <cstdlib>
#include <expected>
#include <string>
#include <utility>

namespace llt {

/// Why an operation failed, coarse enough to choose an HTTP status or an exit code.
enum class ErrorCode {
  invalid_argument,  ///< the caller's input is wrong; retrying will not help
  not_found,
  already_exists,  ///< something else holds the name, port or lock
  permission_denied,
  resource_exhausted,  ///< memory, disk, file descriptors, queue space, a limit of ours
  unavailable,         ///< a peer is not there or not ready; retrying may help
  timeout,
  data_loss,  ///< damaged input
  internal,   ///< anything a library reported that fits nowhere else
};

/// A failed operation: what happened, and what the user can do about it.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string
      message;       ///< one sentence without a full stop, naming the object: "cannot open /x: no such file"
  std::string hint;  ///< what to do; may be empty

  /// "message (hint)" for a terminal or a log.
  [[nodiscard]] std::string to_string() const { return hint.empty() ? message : message + " (" + hint + ")"; }
};

template <class T = void>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::not_found, "...", "...");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(hint)});
}

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "llamatelemetry: internal error: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace llt

/// Always on. For conditions that only a bug of ours can break.
#define LLT_CHECK(condition) ((condition) ? void(0) : ::llt::check_failed(#condition, __FILE__, __LINE__))
