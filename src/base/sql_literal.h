#pragma once
// A text as SQL writes it.

#include <string>
#include <string_view>

namespace llt {

/// The text between quotes, its own quotes doubled: all that a literal of standard SQL needs.
[[nodiscard]] inline std::string sql_literal(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'') literal += c;
    literal += c;
  }
  return literal + "'";
}

}  // namespace llt
