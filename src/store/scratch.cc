#include "store/scratch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "store/data_dir.h"
#include "store/query.h"

namespace llt::store {
namespace {

std::unexpected<Error> append_error(duckdb_appender appender) {
  const char* message = duckdb_appender_error(appender);
  return std::unexpected(
      to_error(DUCKDB_ERROR_INTERNAL, message == nullptr ? "rows cannot be appended" : message));
}

// Bits of a chunk that begins anywhere among the bits of a column.
void copy_valid(duckdb_vector vector, const std::uint64_t* valid, std::size_t from, idx_t count) {
  duckdb_vector_ensure_validity_writable(vector);
  std::uint64_t* mask = duckdb_vector_get_validity(vector);
  for (idx_t i = 0; i < count; ++i) {
    const std::size_t row = from + i;
    duckdb_validity_set_row_validity(mask, i, ((valid[row / 64] >> (row % 64)) & 1U) != 0);
  }
}

class MemoryDatabase final : public Scratch {
 public:
  MemoryDatabase(ScratchDir temp, std::shared_ptr<Database> database, Connection connection)
      : temp_(std::move(temp)), database_(std::move(database)), connection_(std::move(connection)) {}

  Result<QueryInfo> query(std::string_view sql, Format format, const QueryLimits& limits,
                          const Sink& sink) override {
    return engine_.run(*database_, sql, format, limits, sink);
  }

  Result<> execute(const std::string& sql) override {
    auto done = store::execute(connection_.get(), sql);
    if (!done) return std::unexpected(done.error());
    return {};
  }

  Result<> append(const std::string& table, std::span<const ScratchColumn> columns,
                  std::size_t rows) override {
    Appender appender;
    if (duckdb_appender_create(connection_.get(), nullptr, table.c_str(), appender.out()) != DuckDBSuccess)
      return append_error(appender.get());
    std::vector<LogicalType> types;
    std::vector<duckdb_logical_type> raw;
    for (idx_t i = 0; i < duckdb_appender_column_count(appender.get()); ++i) {
      types.emplace_back(duckdb_appender_column_type(appender.get(), i));
      raw.push_back(types.back().get());
    }
    const DataChunk chunk{duckdb_create_data_chunk(raw.data(), raw.size())};
    for (std::size_t from = 0; from < rows; from += duckdb_vector_size()) {
      const idx_t count = std::min<idx_t>(duckdb_vector_size(), rows - from);
      duckdb_data_chunk_reset(chunk.get());
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), i);
        std::memcpy(duckdb_vector_get_data(vector),
                    static_cast<const std::byte*>(columns[i].values) + from * 8, count * 8);
        if (columns[i].valid != nullptr) copy_valid(vector, columns[i].valid, from, count);
      }
      duckdb_data_chunk_set_size(chunk.get(), count);
      if (duckdb_append_data_chunk(appender.get(), chunk.get()) != DuckDBSuccess)
        return append_error(appender.get());
    }
    if (duckdb_appender_close(appender.get()) != DuckDBSuccess) return append_error(appender.get());
    return {};
  }

  Result<> append_texts(const std::string& table,
                        std::span<const std::vector<std::optional<std::string>>> columns) override {
    Appender appender;
    if (duckdb_appender_create(connection_.get(), nullptr, table.c_str(), appender.out()) != DuckDBSuccess)
      return append_error(appender.get());
    const std::size_t rows = columns.empty() ? 0 : columns.front().size();
    for (std::size_t row = 0; row < rows; ++row) {
      bool good = duckdb_append_int64(appender.get(), static_cast<std::int64_t>(row)) == DuckDBSuccess;
      for (const auto& column : columns) {
        const auto& text = column[row];
        good = good && (text ? duckdb_append_varchar_length(appender.get(), text->data(), text->size())
                             : duckdb_append_null(appender.get())) == DuckDBSuccess;
      }
      if (!good || duckdb_appender_end_row(appender.get()) != DuckDBSuccess)
        return append_error(appender.get());
    }
    if (duckdb_appender_close(appender.get()) != DuckDBSuccess) return append_error(appender.get());
    return {};
  }

 private:
  ScratchDir temp_;
  QueryEngine engine_;
  std::shared_ptr<Database> database_;
  Connection connection_;
};

}  // namespace

Result<std::unique_ptr<Scratch>> Scratch::make(const ReaderOptions& options) {
  static std::atomic<int> made{0};
  std::error_code error;
  ScratchDir temp(std::filesystem::temp_directory_path(error) /
                  fmt::format("llamatelemetry-{}-answer-{}", ::getpid(), made.fetch_add(1)));
  auto database = Database::open({":memory:", temp.path(), false, options.memory_bytes, options.threads});
  if (!database) return std::unexpected(database.error());
  auto connection = (*database)->connect();
  if (!connection) return std::unexpected(connection.error());
  return std::make_unique<MemoryDatabase>(std::move(temp), std::move(*database), std::move(*connection));
}

}  // namespace llt::store
