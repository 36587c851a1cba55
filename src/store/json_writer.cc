// Rows as one JSON document: an array of objects, one object a line.

#include "store/database.h"
#include "store/output.h"

namespace llt::store {
namespace {

class JsonWriter final : public RowWriter {
 public:
  void begin(std::span<const ResultColumn> columns, std::string& out) override {
    for (const ResultColumn& column : columns) {
      std::string& key = keys_.emplace_back(keys_.empty() ? "{" : ",");
      append_json_string(column.name, key);
      key += ':';
      kinds_.push_back(column.kind);
    }
    out += '[';
  }

  void rows(duckdb_data_chunk chunk, std::string& out) override {
    vectors_.clear();
    for (idx_t column = 0; column < kinds_.size(); ++column) {
      vectors_.push_back(duckdb_data_chunk_get_vector(chunk, column));
    }
    const idx_t size = duckdb_data_chunk_get_size(chunk);
    for (idx_t row = 0; row < size; ++row) {
      out += any_ ? ",\n" : "\n";
      any_ = true;
      for (std::size_t column = 0; column < kinds_.size(); ++column) {
        out += keys_[column];
        append_value(kinds_[column], vectors_[column], row, out);
      }
      out += '}';
    }
  }

  void end(std::string& out) override { out += any_ ? "\n]\n" : "]\n"; }

 private:
  static void append_value(ColumnKind kind, duckdb_vector vector, idx_t row, std::string& out) {
    if (!valid_at(vector, row)) {
      out += "null";
      return;
    }
    const std::string_view text = string_at(vector, row);
    switch (kind) {
      case ColumnKind::number:
        out += text;
        break;
      case ColumnKind::real:
        out += text.find_first_of("nN") == std::string_view::npos ? text : "null";
        break;
      case ColumnKind::json:
        append_strict_json(text, out);
        break;
      case ColumnKind::text:
        append_json_string(text, out);
        break;
    }
  }

  std::vector<std::string> keys_;
  std::vector<ColumnKind> kinds_;
  std::vector<duckdb_vector> vectors_;
  bool any_ = false;
};

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
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
        if (byte < 0x20) {
          out += "\\u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_strict_json(std::string_view json, std::string& out) {
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      in_string = c != '"';
      continue;
    }
    const std::string_view rest = json.substr(i);
    std::size_t word = 0;
    if (rest.starts_with("NaN")) word = 3;
    if (rest.starts_with("Infinity")) word = 8;
    if (rest.starts_with("-Infinity")) word = 9;
    if (rest.starts_with("-NaN")) word = 4;
    if (word != 0) {
      out += "null";
      i += word - 1;
      continue;
    }
    in_string = c == '"';
    out += c;
  }
}

std::unique_ptr<RowWriter> make_json_writer() { return std::make_unique<JsonWriter>(); }

}  // namespace llt::store
