#pragma once
// A file that appears under its name when it is complete, and not before.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/error.h"

namespace llt {

/// Writes beside the destination and renames at the end. Removed again when commit() was not reached.
class OutputFile {
 public:
  /// Reserves `bytes` (0: nothing) on the disk where the file system can, so that a full disk is noticed at
  /// once. Errors: not_found (no such folder), permission_denied, resource_exhausted (not enough room),
  /// invalid_argument (the destination is there and is no regular file).
  [[nodiscard]] static Result<OutputFile> create(const std::filesystem::path& destination,
                                                 std::uint64_t bytes = 0);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  [[nodiscard]] Result<> write(std::span<const std::byte> bytes);
  [[nodiscard]] Result<> write(std::string_view text) { return write(std::as_bytes(std::span(text))); }
  /// Flushes to the disk and gives the file its name.
  [[nodiscard]] Result<> commit();

 private:
  OutputFile(std::filesystem::path destination, std::filesystem::path beside, int fd)
      : destination_(std::move(destination)), beside_(std::move(beside)), fd_(fd) {}
  [[nodiscard]] Result<> reserve(std::uint64_t bytes);

  std::filesystem::path destination_;
  std::filesystem::path beside_;  ///< empty when there is nothing to remove
  int fd_ = -1;
};

}  // namespace llt
