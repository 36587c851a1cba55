#pragma once
// Where a command's result goes: stdout, or a file that appears when all of it is there.

#include <optional>
#include <string>
#include <string_view>

#include "base/output_file.h"

namespace llt::app {

class Output {
 public:
  /// Without a path: stdout. Errors: those of OutputFile.
  [[nodiscard]] static Result<Output> open(const std::optional<std::string>& path);

  [[nodiscard]] Result<> write(std::string_view piece);
  [[nodiscard]] Result<> finish();
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  Output() = default;

  std::optional<OutputFile> file_;  ///< nothing: stdout
  std::uint64_t bytes_ = 0;
};

}  // namespace llt::app
