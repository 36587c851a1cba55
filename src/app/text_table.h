#pragma once
// Aligned columns for a terminal.

#include <string>
#include <string_view>
#include <vector>

namespace llt::app {

/// Columns as wide as their widest cell, two spaces apart. The first `left` columns are aligned to the left,
/// the others to the right.
class TextTable {
 public:
  TextTable(std::vector<std::string> headings, std::size_t left) : left_(left) {
    rows_.push_back(std::move(headings));
  }

  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::size_t left_;
};

/// How many terminal cells UTF-8 text takes: one per code point. Wide scripts take more; they do not occur
/// in what we align beyond model names.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// `text` cut to `width` cells, the last of them "…" when something was cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

/// `text` with its control characters replaced, so that names from clients cannot steer the terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace llt::app
