#include "app/print.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/exit_codes.h"

namespace llt::app {
namespace {

int first_error = 0;  // errno of the write that stdout did not take
bool asked = false;   // somebody was told of it, and says so

bool out_took(bool written) {
  if (!written && first_error == 0) first_error = errno;
  return first_error == 0;
}

}  // namespace

bool write_out(std::string_view text) {
  return first_error == 0 && out_took(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void write_err(std::string_view text) { static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr)); }

Result<> flush_out() {
  if (out_took(std::fflush(stdout) == 0)) return {};
  asked = true;
  // Whoever read it has had enough, as `head` has: no reason for words.
  if (first_error == EPIPE) return fail(ErrorCode::unavailable, "");
  return fail(ErrorCode::unavailable, fmt::format("cannot write to stdout: {}", std::strerror(first_error)));
}

int stdout_status(int code) {
  const bool said = asked;
  const auto flushed = flush_out();
  if (flushed || said) return code;
  const int failure = failed(flushed.error());
  return code == kDone ? failure : code;
}

}  // namespace llt::app
