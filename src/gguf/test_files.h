#pragma once
// Small GGUF files for tests, good and broken, made when they are needed.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/header_writer.h"

namespace llt::gguf::test {

using Writes = std::function<void(HeaderWriter&)>;

/// Metadata and tensors of a model with one block, which has no findings.
void write_metadata(HeaderWriter& head);
void write_vocabulary(HeaderWriter& head);
void write_tensors(HeaderWriter& head);

/// A whole file; its data is zero, as long as HeaderWriter says plus `beyond` (cut off when negative).
[[nodiscard]] std::string make_file(const Writes& metadata, const Writes& tensors, long beyond = 0,
                                    HeaderWriter head = HeaderWriter());
/// The model without findings.
[[nodiscard]] std::string good_file(ByteOrder order = ByteOrder::little, std::uint32_t version = 3);

/// A file that is wrong in one way.
struct BrokenFile {
  std::string_view name;
  std::string bytes;
  bool readable = false;  ///< the head can be read; a finding says what is wrong
  std::string_view says;  ///< a part of the error, or of a finding's message
};
[[nodiscard]] std::vector<BrokenFile> broken_files();

[[nodiscard]] inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace llt::gguf::test
