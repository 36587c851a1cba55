#pragma once
// A file in memory, read only as far as somebody looks at it.

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/error.h"

namespace llt::gguf {

/// A read-only mapping of a regular file. Pages are loaded when they are touched, so opening costs the same
/// for any size. A file that shrinks while it is mapped makes reads behind its new end fatal (SIGBUS).
class MappedFile {
 public:
  /// Errors: not_found, permission_denied, invalid_argument (a folder, a device).
  [[nodiscard]] static Result<MappedFile> open(const std::filesystem::path& path);
  /// No file; bytes() is empty.
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  /// Stays where it is when the object is moved.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace llt::gguf
