#pragma once
// Names of the files of a split model: PREFIX-00002-of-00005.gguf.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace llt::gguf {

struct SplitName {
  std::filesystem::path prefix;  ///< with its folder, without "-00002-of-00005.gguf"
  std::uint32_t number = 0;      ///< from 1
  std::uint32_t count = 0;

  /// The path of one file of the set; `number` from 1.
  [[nodiscard]] std::filesystem::path path_of(std::uint32_t number_of_file) const;
};

/// Nothing when the file name does not follow the pattern, or its number is not within its count.
[[nodiscard]] std::optional<SplitName> parse_split_name(const std::filesystem::path& path);

}  // namespace llt::gguf
