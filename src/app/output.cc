#include "app/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace llt::app {
namespace {

Result<> stdout_failed() {
  return fail(ErrorCode::unavailable, fmt::format("cannot write to stdout: {}", std::strerror(errno)));
}

}  // namespace

Result<Output> Output::open(const std::optional<std::string>& path) {
  Output output;
  if (!path) return output;
  auto file = OutputFile::create(*path);
  if (!file) return std::unexpected(file.error());
  output.file_.emplace(std::move(*file));
  return output;
}

Result<> Output::write(std::string_view piece) {
  bytes_ += piece.size();
  if (file_) return file_->write(piece);
  if (std::fwrite(piece.data(), 1, piece.size(), stdout) == piece.size()) return {};
  return stdout_failed();
}

Result<> Output::finish() {
  if (file_) return file_->commit();
  return std::fflush(stdout) == 0 ? Result<>{} : stdout_failed();
}

}  // namespace llt::app
