// Rows as aligned text. Widths come from the first rows; later rows that are wider are shown whole, out of
// line, so that a result of any length streams.

#include <algorithm>
#include <sstream>

#include "store/database.h"
#include "store/output.h"

namespace llt::store {
namespace {

constexpr std::size_t kMeasuredRows = 1000;
constexpr std::size_t kMaxPadding = 80;

/// Characters on a terminal, near enough: code points.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

/// One line, whatever is in the value.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    }
  }
  return out;
}

class TableWriter final : public RowWriter {
 public:
  void begin(std::span<const ResultColumn> columns, std::string&) override {
    std::vector<std::string> header;
    for (const ResultColumn& column : columns) {
      header.push_back(one_line(column.name));
      is_number_.push_back(column.kind == ColumnKind::number || column.kind == ColumnKind::real);
    }
    is_plan_ = columns.size() == 2 && columns[0].name == "explain_key";
    widths_.assign(columns.size(), 0);
    held_.push_back(std::move(header));
  }

  void rows(duckdb_data_chunk chunk, std::string& out) override {
    const idx_t size = duckdb_data_chunk_get_size(chunk);
    if (is_plan_) return plans(chunk, size, out);
    for (idx_t row = 0; row < size; ++row) {
      std::vector<std::string> cells;
      for (idx_t column = 0; column < widths_.size(); ++column) {
        const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
        cells.push_back(valid_at(vector, row) ? one_line(string_at(vector, row)) : "NULL");
      }
      if (measuring_) {
        held_.push_back(std::move(cells));
        if (held_.size() > kMeasuredRows) release(out);
      } else {
        append_line(cells, out);
      }
    }
  }

  void end(std::string& out) override {
    if (measuring_ && !is_plan_) release(out);
  }

 private:
  // EXPLAIN gives pictures of many lines, which are for looking at.
  static void plans(duckdb_data_chunk chunk, idx_t size, std::string& out) {
    const duckdb_vector pictures = duckdb_data_chunk_get_vector(chunk, 1);
    for (idx_t row = 0; row < size; ++row) {
      if (!valid_at(pictures, row)) continue;
      std::istringstream lines{std::string(string_at(pictures, row))};
      for (std::string line; std::getline(lines, line);) out += one_line(line) + "\n";
    }
  }

  void release(std::string& out) {
    measuring_ = false;
    for (const auto& cells : held_) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        widths_[i] = std::max(widths_[i], std::min(width_of(cells[i]), kMaxPadding));
      }
    }
    for (std::size_t line = 0; line < held_.size(); ++line) {
      append_line(held_[line], out);
      if (line == 0) append_rule(out);
    }
    held_.clear();
  }

  void append_rule(std::string& out) const {
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      if (i != 0) out += "  ";
      out.append(widths_[i], '-');
    }
    out += '\n';
  }

  void append_line(const std::vector<std::string>& cells, std::string& out) const {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) out += "  ";
      const std::size_t width = width_of(cells[i]);
      const std::size_t padding = width < widths_[i] ? widths_[i] - width : 0;
      if (is_number_[i]) out.append(padding, ' ');
      out += cells[i];
      if (!is_number_[i] && i + 1 < cells.size()) out.append(padding, ' ');
    }
    out += '\n';
  }

  std::vector<std::vector<std::string>> held_;
  std::vector<std::size_t> widths_;
  std::vector<bool> is_number_;
  bool measuring_ = true;
  bool is_plan_ = false;
};

}  // namespace

std::unique_ptr<RowWriter> make_table_writer() { return std::make_unique<TableWriter>(); }

}  // namespace llt::store
