#include "store/batch_appender.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "base/losses.h"
#include "base/sql_literal.h"
#include "schema/tables.h"
#include "store/database.h"

namespace llt::store {
namespace {

const TableInfo& table_named(std::string_view name) {
  const auto all = tables();
  const auto found = std::ranges::find(all, name, &TableInfo::name);
  LLT_CHECK(found != all.end());
  return *found;
}

/// Replaces each byte that is not part of valid UTF-8 by U+FFFD.
std::string repaired(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t good = 1;
    while (good <= 4 && good <= text.size() && !simdjson::validate_utf8(text.data(), good)) ++good;
    if (good <= 4 && good <= text.size()) {
      out.append(text.substr(0, good));
      text.remove_prefix(good);
    } else {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    }
  }
  return out;
}

/// One table's appender with a chunk that is being filled, column by column within a row.
class ChunkFiller {
 public:
  ChunkFiller(const TableInfo& table, bool count_repairs) : table_(table), count_repairs_(count_repairs) {}

  Result<> open(duckdb_connection connection) {
    if (duckdb_appender_create(connection, nullptr, std::string(table_.name).c_str(), appender_.out()) !=
        DuckDBSuccess) {
      return appender_error();
    }
    // By name, so that the order of columns in an older database does not matter.
    for (const ColumnInfo& column : table_.columns) {
      if (duckdb_appender_add_column(appender_.get(), std::string(column.name).c_str()) != DuckDBSuccess) {
        return appender_error();
      }
    }
    std::vector<duckdb_logical_type> types;
    for (idx_t i = 0; i < table_.columns.size(); ++i)
      types.push_back(duckdb_appender_column_type(appender_.get(), i));
    chunk_ = DataChunk(duckdb_create_data_chunk(types.data(), types.size()));
    for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
    begin_chunk();
    return {};
  }

  template <class Row>
  Result<> add(const Row& row) {
    column_ = 0;
    for_each_column(row, [this](const auto& value) {
      put(value);
      ++column_;
    });
    if (++row_ < duckdb_vector_size()) return {};
    return write_chunk();
  }

  Result<> finish() {
    if (auto written = write_chunk(); !written) return written;
    if (duckdb_appender_close(appender_.get()) != DuckDBSuccess) return appender_error();
    return {};
  }

 private:
  std::unexpected<Error> appender_error() {
    const char* message = duckdb_appender_error(appender_.get());
    return std::unexpected(
        to_error(DUCKDB_ERROR_IO, message == nullptr ? "cannot append to the store" : message));
  }

  void begin_chunk() {
    row_ = 0;
    vectors_.clear();
    for (idx_t i = 0; i < table_.columns.size(); ++i) {
      vectors_.push_back(duckdb_data_chunk_get_vector(chunk_.get(), i));
      duckdb_vector_ensure_validity_writable(vectors_.back());
    }
  }

  Result<> write_chunk() {
    if (row_ == 0) return {};
    duckdb_data_chunk_set_size(chunk_.get(), row_);
    if (duckdb_append_data_chunk(appender_.get(), chunk_.get()) != DuckDBSuccess) return appender_error();
    duckdb_data_chunk_reset(chunk_.get());
    begin_chunk();
    return {};
  }

  void put_null() { duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vectors_[column_]), row_); }

  template <class T>
  void put(const std::optional<T>& value) {
    if (value) {
      put(*value);
    } else {
      put_null();
    }
  }

  template <class T>
    requires std::is_arithmetic_v<T>
  void put(T value) {
    static_cast<T*>(duckdb_vector_get_data(vectors_[column_]))[row_] = value;
  }

  void put(const std::string& text) {
    const bool is_json = table_.columns[column_].sql_type == "JSON";
    simdjson::dom::element ignored;
    if (is_json && parser_.parse(text).get(ignored) != simdjson::SUCCESS) {
      if (count_repairs_) count_loss(Loss::store_json_invalid);
      put_null();
    } else if (is_json || simdjson::validate_utf8(text.data(), text.size())) {
      duckdb_vector_assign_string_element_len(vectors_[column_], row_, text.data(), text.size());
    } else {
      if (count_repairs_) count_loss(Loss::store_text_repaired);
      const std::string valid = repaired(text);
      duckdb_vector_assign_string_element_len(vectors_[column_], row_, valid.data(), valid.size());
    }
  }

  template <class T>
  void put(const std::vector<T>& list) {
    const duckdb_vector vector = vectors_[column_];
    const idx_t begin = duckdb_list_vector_get_size(vector);
    static_cast<void>(duckdb_list_vector_reserve(vector, begin + list.size()));
    static_cast<void>(duckdb_list_vector_set_size(vector, begin + list.size()));
    auto* child = static_cast<T*>(duckdb_vector_get_data(duckdb_list_vector_get_child(vector)));
    if (!list.empty()) std::memcpy(child + begin, list.data(), list.size() * sizeof(T));
    static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector))[row_] = {begin, list.size()};
  }

  const TableInfo& table_;
  bool count_repairs_;
  Appender appender_;
  DataChunk chunk_;
  std::vector<duckdb_vector> vectors_;
  idx_t row_ = 0, column_ = 0;
  simdjson::dom::parser parser_;
};

template <class Row>
Result<> append_rows(duckdb_connection connection, std::string_view table, const std::vector<Row>& rows,
                     bool count_repairs) {
  if (rows.empty()) return {};
  ChunkFiller filler(table_named(table), count_repairs);
  if (auto opened = filler.open(connection); !opened) return opened;
  for (const Row& row : rows) {
    if (auto added = filler.add(row); !added) return added;
  }
  return filler.finish();
}

}  // namespace

Result<> append_batch(duckdb_connection connection, const Batch& batch, bool count_repairs) {
  Result<> done;
  batch.each([&]<class Row>(const std::vector<Row>& rows) {
    if (done) done = append_rows(connection, TableOf<Row>::name, rows, count_repairs);
  });
  return done;
}

Result<> append_graph_result(duckdb_connection connection, const GraphResult& result) {
  const auto there = single_integer(
      connection, fmt::format("SELECT 1 FROM graph_runs WHERE run_id = {}", sql_literal(result.run.run_id)));
  if (!there) return std::unexpected(there.error());
  if (*there) return {};
  if (auto done = append_rows(connection, "graph_runs", std::vector{result.run}, true); !done) return done;
  return append_rows(connection, "graph_values", result.values, true);
}

}  // namespace llt::store
