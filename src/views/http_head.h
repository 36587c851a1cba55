#pragma once
// Writes the head of an HTTP answer, with the headers that every answer of the console carries.

#include <cstddef>
#include <string>
#include <string_view>

namespace llt::views {

class HeadBuilder {
 public:
  explicit HeadBuilder(unsigned status);
  /// Values are ours or checked before; they contain no line ends.
  HeadBuilder& add(std::string_view name, std::string_view value);
  /// The head with its empty line. Call once.
  [[nodiscard]] std::string finish(bool keep_alive);

 private:
  std::string text_;
};

/// The line before a chunk of `size` bytes.
[[nodiscard]] std::string chunk_head(std::size_t size);

}  // namespace llt::views
