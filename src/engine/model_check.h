#pragma once
// Whether a file can be a GGUF model at all. What is inside is llama-server's to judge.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace llt::engine {

/// The file's size. Fails when it is missing, not a file, unreadable, or does not begin like a GGUF file.
[[nodiscard]] Result<std::uint64_t> check_model_file(const std::filesystem::path& model);

/// The first 24 bytes of the file (fewer if it is shorter).
[[nodiscard]] Result<> check_gguf_head(std::string_view head, std::uint64_t file_bytes,
                                       const std::string& name);

}  // namespace llt::engine
