#pragma once
// Which shared libraries a program asks for, read from its ELF file without running it.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llt::engine {

/// The DT_NEEDED names of a 64-bit little-endian ELF image; unset when it is not one. Any input is fine.
[[nodiscard]] std::optional<std::vector<std::string>> elf_needed(std::string_view image);

/// True when `program`, or a library of its own folder that it asks for (at any depth), asks for a library
/// whose name begins with `library`. Unset when `program` is not an ELF file.
[[nodiscard]] std::optional<bool> uses_shared_library(const std::filesystem::path& program,
                                                      std::string_view library);

}  // namespace llt::engine
