#pragma once
// A buffer before a query's sink, and what writes rows into it.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/handles.h"
#include "store/reader.h"

namespace llt::store {

/// Collects text and hands it to the sink in pieces.
class Output {
 public:
  explicit Output(const Sink& sink) : sink_(sink) {}

  [[nodiscard]] std::string& buffer() noexcept { return buffer_; }
  /// Hands a full buffer over. False when the sink wants no more.
  [[nodiscard]] bool flush_if_full() { return buffer_.size() < kPieceBytes || flush(); }
  [[nodiscard]] bool flush();
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t kPieceBytes = 256 * 1024;

  const Sink& sink_;
  std::string buffer_;
  std::uint64_t bytes_ = 0;
  bool open_ = true;
};

/// How a column's values, which DuckDB gives as text, stand in a result.
enum class ColumnKind : std::uint8_t {
  text,
  number,  ///< integers, decimals, booleans: valid JSON as they are
  real,    ///< floating point: `nan` and `inf` are null in JSON, which has no such numbers
  json,    ///< lists, structs, maps, JSON: a JSON text, in which NaN can stand
};

struct ResultColumn {
  std::string name;
  ColumnKind kind = ColumnKind::text;
  bool is_enum = false;
};

/// Writes rows whose columns are all VARCHAR.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void begin(std::span<const ResultColumn> columns, std::string& out) = 0;
  virtual void rows(duckdb_data_chunk chunk, std::string& out) = 0;
  virtual void end(std::string& out) = 0;
};

[[nodiscard]] std::unique_ptr<RowWriter> make_json_writer();
[[nodiscard]] std::unique_ptr<RowWriter> make_csv_writer();
[[nodiscard]] std::unique_ptr<RowWriter> make_table_writer();

/// Appends a JSON string with its quotes. `text` must be UTF-8.
void append_json_string(std::string_view text, std::string& out);

/// Appends a JSON text of DuckDB's with the bare words NaN and Infinity, which JSON lacks, as null.
void append_strict_json(std::string_view json, std::string& out);

}  // namespace llt::store
