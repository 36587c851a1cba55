#include "gguf/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace llt::gguf {
namespace {

// Closed at the end of opening: a mapping does not need its descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> cannot_open(const std::filesystem::path& path, int error) {
  const std::string name = path.string();
  if (error == ENOENT || error == ENOTDIR) {
    return fail(ErrorCode::not_found, fmt::format("{} does not exist", name), "check the path");
  }
  if (error == EACCES || error == EPERM) {
    return fail(ErrorCode::permission_denied,
                fmt::format("{} cannot be read: {}", name, std::strerror(error)), "check its permissions");
  }
  return fail(ErrorCode::internal, fmt::format("{} cannot be opened: {}", name, std::strerror(error)));
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // Non-blocking, so that a pipe without a writer is refused below instead of waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return cannot_open(path, errno);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return cannot_open(path, errno);
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} is a folder, not a model", path.string()),
                "give the .gguf file in it");
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} is not a regular file", path.string()),
                "give a .gguf file");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile();  // which mmap refuses
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) return cannot_open(path, errno);
  return MappedFile(std::span(static_cast<const std::byte*>(address), size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace llt::gguf
