#pragma once
// A text as its sentences.

#include <string>
#include <string_view>
#include <vector>

namespace llt::analytics {

/// Sentences end at . ! ? (with quotes and brackets behind them) before a blank and what can begin another,
/// and at empty lines; not behind initials and the usual abbreviations. One longer than `longest` bytes is
/// cut at a blank. Blanks around them are dropped, line breaks inside become blanks.
[[nodiscard]] std::vector<std::string> sentences_of(std::string_view text, std::size_t longest);

}  // namespace llt::analytics
