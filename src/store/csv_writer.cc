// Rows as CSV by RFC 4180: a header line, CRLF, quotes doubled. NULL is an empty field, an empty text is "".

#include "store/database.h"
#include "store/output.h"

namespace llt::store {
namespace {

void append_field(std::string_view text, std::string& out) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

class CsvWriter final : public RowWriter {
 public:
  void begin(std::span<const ResultColumn> columns, std::string& out) override {
    columns_ = columns.size();
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i != 0) out += ',';
      append_field(columns[i].name, out);
    }
    out += "\r\n";
  }

  void rows(duckdb_data_chunk chunk, std::string& out) override {
    const idx_t size = duckdb_data_chunk_get_size(chunk);
    for (idx_t row = 0; row < size; ++row) {
      for (idx_t column = 0; column < columns_; ++column) {
        if (column != 0) out += ',';
        const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
        if (valid_at(vector, row)) append_field(string_at(vector, row), out);
      }
      out += "\r\n";
    }
  }

  void end(std::string&) override {}

 private:
  std::size_t columns_ = 0;
};

}  // namespace

std::unique_ptr<RowWriter> make_csv_writer() { return std::make_unique<CsvWriter>(); }

}  // namespace llt::store
