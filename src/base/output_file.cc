#include "base/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace llt {
namespace {

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::not_found;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::resource_exhausted;
    default:
      return ErrorCode::permission_denied;
  }
}

std::string hint_of(ErrorCode code) {
  if (code == ErrorCode::not_found) return "make its folder first";
  if (code == ErrorCode::resource_exhausted)
    return "free some room or choose another folder; nothing was left behind";
  return "choose a folder that you may write to";
}

std::unexpected<Error> cannot_write(const std::filesystem::path& path, int error) {
  const ErrorCode code = code_of(error);
  return fail(code, fmt::format("cannot write {}: {}", path.string(), std::strerror(error)), hint_of(code));
}

std::unexpected<Error> not_enough_room(const std::filesystem::path& path, std::uint64_t bytes,
                                       std::uint64_t available) {
  return fail(
      ErrorCode::resource_exhausted,
      fmt::format("cannot write {}: it needs {} bytes, and {} are free", path.string(), bytes, available),
      hint_of(ErrorCode::resource_exhausted));
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::filesystem::path& path, std::uint64_t bytes) {
  std::error_code unknown;
  std::filesystem::path destination = path;
  // A link stays one: what it leads to is replaced, as every other program would write it.
  if (std::filesystem::is_symlink(path, unknown)) {
    destination = std::filesystem::canonical(path, unknown);
    if (unknown) return cannot_write(path, unknown.value());
  }
  const auto status = std::filesystem::status(destination, unknown);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("cannot write {}: it is there, and is no regular file", destination.string()),
                "give the name of a file");
  }
  std::filesystem::path beside = destination;
  beside += fmt::format(".{}.part", getpid());
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return cannot_write(destination, errno);
  OutputFile file(destination, std::move(beside), fd);
  if (auto reserved = file.reserve(bytes); !reserved) return std::unexpected(reserved.error());
  return file;
}

Result<> OutputFile::reserve(std::uint64_t bytes) {
  if (bytes == 0) return {};
  std::error_code unknown;
  const std::filesystem::path folder = destination_.has_parent_path() ? destination_.parent_path() : ".";
  const std::uint64_t available = std::filesystem::space(folder, unknown).available;
  // fallocate() itself would take all that is there before it fails, and everyone else on the disk would
  // fail.
  if (!unknown && available < bytes) return not_enough_room(destination_, bytes, available);
  if (fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) == 0) return {};
  // Other errors mean that this file system cannot reserve; writing will tell.
  if (errno == ENOSPC || errno == EDQUOT) return not_enough_room(destination_, bytes, available);
  if (errno == EFBIG) return cannot_write(destination_, errno);
  return {};
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : destination_(std::move(other.destination_)),
      beside_(std::exchange(other.beside_, {})),
      fd_(std::exchange(other.fd_, -1)) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0) close(fd_);
  if (!beside_.empty()) unlink(beside_.c_str());
}

Result<> OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot_write(destination_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> OutputFile::commit() {
  if (fdatasync(fd_) != 0) return cannot_write(destination_, errno);
  if (close(std::exchange(fd_, -1)) != 0) return cannot_write(destination_, errno);
  if (std::rename(beside_.c_str(), destination_.c_str()) != 0) return cannot_write(destination_, errno);
  beside_.clear();
  return {};
}

}  // namespace llt
