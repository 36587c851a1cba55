#pragma once
// What a file is that is not GGUF: people get text, web pages and pointers where they expect a model.

#include <cstddef>
#include <span>

#include "base/error.h"
#include "base/utf8.h"
#include "gguf/byte_reader.h"

namespace llt::gguf {

/// Passes when `file` begins with GGUF's magic; otherwise says what it seems to be and what to do. Reads at
/// most the first 1024 bytes.
[[nodiscard]] Result<> check_magic(std::span<const std::byte> file, const ByteReader& reader);

}  // namespace llt::gguf
