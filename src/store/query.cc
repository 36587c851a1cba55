#include "store/query.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "base/clock.h"
#include "base/sql_literal.h"
#include "store/arrow_stream.h"
#include "store/data_dir.h"
#include "store/output.h"
#include "store/row_stream.h"
#include "store/sql_gate.h"

namespace llt::store {
namespace {

/// The query as the user wrote it, bound, so that errors speak of the user's text and names and types of
/// its columns are known.
struct BoundQuery {
  ReadOnlySql sql;
  std::vector<ResultColumn> columns;
};

ColumnKind kind_of(duckdb_logical_type type) {
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_DECIMAL:
      return ColumnKind::number;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
      return ColumnKind::real;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_UNION:
      return ColumnKind::json;
    case DUCKDB_TYPE_VARCHAR: {
      char* alias = duckdb_logical_type_get_alias(type);
      const bool is_json = alias != nullptr && std::string_view(alias) == "JSON";
      duckdb_free(alias);
      return is_json ? ColumnKind::json : ColumnKind::text;
    }
    default:
      return ColumnKind::text;
  }
}

Result<BoundQuery> bind(duckdb_connection connection, std::string_view sql) {
  auto checked = check_sql(connection, sql);
  if (!checked) return std::unexpected(checked.error());
  BoundQuery query{std::move(*checked), {}};
  Prepared statement;
  if (duckdb_prepare(connection, query.sql.text.c_str(), statement.out()) != DuckDBSuccess) {
    return prepare_error(statement.get());
  }
  const duckdb_statement_type type = duckdb_prepared_statement_type(statement.get());
  if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN) {
    return fail(ErrorCode::invalid_argument, "only a statement that reads can be run");
  }
  if (duckdb_nparams(statement.get()) != 0) {
    return fail(ErrorCode::invalid_argument, "the SQL has parameters without values");
  }
  const idx_t count = duckdb_prepared_statement_column_count(statement.get());
  for (idx_t i = 0; i < count; ++i) {
    const LogicalType column_type{duckdb_prepared_statement_column_logical_type(statement.get(), i)};
    const char* name = duckdb_prepared_statement_column_name(statement.get(), i);
    query.columns.push_back({name == nullptr ? "" : name, kind_of(column_type.get()),
                             duckdb_get_type_id(column_type.get()) == DUCKDB_TYPE_ENUM});
    duckdb_free(const_cast<char*>(name));
  }
  return query;
}

/// The query as a table with columns c0, c1, ... One row more than allowed shows that more would come.
std::string as_table(const BoundQuery& query, const QueryLimits& limits) {
  std::string names;
  for (std::size_t i = 0; i < query.columns.size(); ++i) names += fmt::format("{}c{}", i == 0 ? "" : ",", i);
  std::string sql = fmt::format(" FROM query({}) AS result({})", sql_literal(query.sql.text), names);
  if (limits.max_rows != 0) sql += fmt::format(" LIMIT {}", limits.max_rows + 1);
  return sql;
}

/// Lets DuckDB turn every value into text, so that it alone knows how its types are written.
std::string as_text(const BoundQuery& query, Format format, const QueryLimits& limits) {
  if (query.sql.is_explain) return query.sql.text;
  std::string sql = "SELECT ";
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    if (i != 0) sql += ',';
    const bool as_json = format == Format::json && query.columns[i].kind == ColumnKind::json;
    sql += fmt::format(fmt::runtime(as_json ? "CAST(json(to_json(c{})) AS VARCHAR)" : "CAST(c{} AS VARCHAR)"),
                       i);
  }
  return sql + as_table(query, limits);
}

Rows rows_of(const BoundQuery& query, const QueryLimits& limits) {
  if (query.sql.is_explain) return Rows::plan;
  return limits.max_rows != 0 ? Rows::limited : Rows::any;
}

struct RunningQuery {
  Connection connection;
  const QueryLimits& limits;
  Output& output;
  QueryInfo info;
};

/// Drops the row that was asked for only to see whether there is more. True when it was there.
bool cut_to_limit(duckdb_data_chunk chunk, std::uint64_t rows_before, std::uint64_t max_rows) {
  const idx_t size = duckdb_data_chunk_get_size(chunk);
  if (max_rows == 0 || rows_before + size <= max_rows) return false;
  duckdb_data_chunk_set_size(chunk, max_rows - rows_before);
  return true;
}

/// Fetches the result chunk by chunk, up to the row limit, and passes on what `write` put into the buffer.
template <class Write>
Result<> each_chunk(RunningQuery& run, ResultSet& result, Write&& write) {
  while (DataChunk chunk{duckdb_fetch_chunk(result.get())}) {
    run.info.truncated |= cut_to_limit(chunk.get(), run.info.rows, run.limits.max_rows);
    run.info.rows += duckdb_data_chunk_get_size(chunk.get());
    if (auto written = write(chunk.get()); !written) return written;
    if (!run.output.flush_if_full())
      return fail(ErrorCode::unavailable, "the reader of the result went away");
    if (run.info.truncated) break;
  }
  if (const char* message = duckdb_result_error(result.out()); message != nullptr) {
    return std::unexpected(to_error(duckdb_result_error_type(result.out()), message));
  }
  return {};
}

Result<> write_text(RunningQuery& run, const BoundQuery& query, Format format) {
  auto result =
      start_row_stream(run.connection.get(), as_text(query, format, run.limits), rows_of(query, run.limits));
  if (!result) return std::unexpected(result.error());
  const auto writer = format == Format::json  ? make_json_writer()
                      : format == Format::csv ? make_csv_writer()
                                              : make_table_writer();
  writer->begin(query.columns, run.output.buffer());
  const auto done = each_chunk(run, *result, [&](duckdb_data_chunk chunk) -> Result<> {
    writer->rows(chunk, run.output.buffer());
    return {};
  });
  if (!done) return done;
  writer->end(run.output.buffer());
  return {};
}

Result<> write_arrow(RunningQuery& run, const BoundQuery& query) {
  std::string sql = "SELECT ";
  std::vector<std::string> names;
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    // Enums would be dictionaries, which nanoarrow does not write to streams.
    sql += fmt::format(
        "{}{}", i == 0 ? "" : ",",
        query.columns[i].is_enum ? fmt::format("CAST(c{} AS VARCHAR)", i) : fmt::format("c{}", i));
    names.push_back(query.columns[i].name);
  }
  sql = query.sql.is_explain ? query.sql.text : sql + as_table(query, run.limits);
  auto result = start_row_stream(run.connection.get(), sql, rows_of(query, run.limits));
  if (!result) return std::unexpected(result.error());
  auto stream = ArrowStream::begin(result->get(), names, run.output.buffer());
  if (!stream) return std::unexpected(stream.error());
  auto more = each_chunk(run, *result, [&stream](duckdb_data_chunk chunk) { return (*stream)->rows(chunk); });
  if (!more) return more;
  return (*stream)->end();
}

/// DuckDB writes Parquet to files only: one in our own scratch folder, handed on and removed.
Result<> write_parquet(RunningQuery& run, const BoundQuery& query, const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    return fail(ErrorCode::permission_denied,
                fmt::format("cannot make {}: {}", file.parent_path().string(), error.message()));
  }
  std::string columns;
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    std::string name = "\"";
    for (const char c : query.columns[i].name) name += c == '"' ? std::string("\"\"") : std::string(1, c);
    columns += fmt::format("{}c{} AS {}\"", i == 0 ? "" : ",", i, name);
  }
  QueryLimits limits = run.limits;
  if (limits.max_rows != 0) --limits.max_rows;  // the file cannot be cut afterwards
  const auto rows = execute(run.connection.get(),
                            fmt::format("COPY (SELECT {}{}) TO {} (FORMAT parquet, COMPRESSION zstd)",
                                        columns, as_table(query, limits), sql_literal(file.string())));
  if (!rows) return std::unexpected(rows.error());
  run.info.rows = *rows;
  std::ifstream in(file, std::ios::binary);
  std::string& buffer = run.output.buffer();
  do {
    buffer.resize(256 * 1024);
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    buffer.resize(static_cast<std::size_t>(in.gcount()));
    if (!run.output.flush()) return fail(ErrorCode::unavailable, "the reader of the result went away");
  } while (in);
  if (in.bad() || !in.eof()) return fail(ErrorCode::internal, "cannot read back " + file.string());
  return {};
}

/// A chunk of DuckDB's as readers see it.
class TypedChunk final : public RowChunk {
 public:
  explicit TypedChunk(duckdb_data_chunk chunk) : size_(duckdb_data_chunk_get_size(chunk)) {
    for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk); ++i)
      columns_.push_back(duckdb_data_chunk_get_vector(chunk, i));
  }

  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] std::span<const std::int64_t> numbers(std::size_t column) const override {
    return {static_cast<const std::int64_t*>(duckdb_vector_get_data(columns_[column])), size_};
  }
  [[nodiscard]] std::string_view text(std::size_t column, std::size_t row) const override {
    return is_null(column, row) ? std::string_view{} : string_at(columns_[column], row);
  }
  [[nodiscard]] bool is_null(std::size_t column, std::size_t row) const override {
    return !valid_at(columns_[column], row);
  }

 private:
  std::size_t size_;
  std::vector<duckdb_vector> columns_;
};

Result<> check_types(ResultSet& result) {
  for (idx_t i = 0; i < duckdb_column_count(result.out()); ++i) {
    const duckdb_type type = duckdb_column_type(result.out(), i);
    if (type != DUCKDB_TYPE_BIGINT && type != DUCKDB_TYPE_VARCHAR)
      return fail(ErrorCode::invalid_argument, fmt::format("column {} is neither BIGINT nor VARCHAR", i));
  }
  return {};
}

Result<> scan_bound(RunningQuery& run, std::string_view sql, const ChunkSink& sink,
                    const Database& database) {
  if (auto begun = execute(run.connection.get(), "BEGIN TRANSACTION READ ONLY"); !begun)
    return std::unexpected(begun.error());
  auto query = bind(run.connection.get(), sql);
  if (!query) return std::unexpected(query.error());
  auto result = start_row_stream(run.connection.get(), "SELECT *" + as_table(*query, run.limits),
                                 rows_of(*query, run.limits));
  if (!result) return std::unexpected(result.error());
  if (auto typed = check_types(*result); !typed) return typed;
  const auto done = each_chunk(run, *result, [&](duckdb_data_chunk chunk) -> Result<> {
    if (sink(TypedChunk(chunk))) return {};
    return fail(ErrorCode::unavailable, "the reader of the result went away");
  });
  if (done && !database.was_sound())
    return fail(ErrorCode::unavailable, "the store had to be opened again", "try again");
  return done;
}

Result<> run_bound(RunningQuery& run, std::string_view sql, Format format,
                   const std::filesystem::path& export_file) {
  if (auto begun = execute(run.connection.get(), "BEGIN TRANSACTION READ ONLY"); !begun) {
    return std::unexpected(begun.error());
  }
  auto query = bind(run.connection.get(), sql);
  if (!query) return std::unexpected(query.error());
  if (format == Format::parquet) {
    if (query->sql.is_explain) return fail(ErrorCode::invalid_argument, "EXPLAIN gives text, not Parquet");
    const ScratchDir scratch(export_file.parent_path());
    return write_parquet(run, *query, export_file);
  }
  if (format == Format::arrow) return write_arrow(run, *query);
  return write_text(run, *query, format);
}

}  // namespace

template <class Work>
Result<QueryInfo> QueryEngine::guarded(const Database& database, const QueryLimits& limits, const Sink& sink,
                                       Work&& work) {
  const SteadyNs start = now_steady();
  struct Count {
    std::atomic<int>& running;
    ~Count() { --running; }
  } count{running_};
  if (++running_ > kMaxRunning) {
    return fail(ErrorCode::resource_exhausted, fmt::format("{} queries are running already", kMaxRunning),
                "try again");
  }
  auto connection = database.connect();
  if (!connection) return std::unexpected(connection.error());
  bool sound = true;
  const Sink checked = [&](std::string_view piece) {
    sound = sound && database.was_sound();
    return sound && sink(piece);
  };
  Output output(checked);
  RunningQuery run{std::move(*connection), limits, output, {}};
  Watchdog::Guard guard(watchdog_, run.connection.get(), limits.timeout_ms);  // ends before the connection
  const std::stop_callback on_stop(limits.stop, [&guard] { guard.stop(); });
  Result<> done = work(run);
  if (!done && guard.timed_out()) {
    return fail(ErrorCode::timeout, fmt::format("the query took longer than {} ms", limits.timeout_ms));
  }
  if (!done && guard.cancelled())
    return fail(ErrorCode::unavailable, "the store is closing, or had to be opened again");
  if (!done && guard.stopped()) return fail(ErrorCode::unavailable, "the query was stopped");
  const bool flushed = done && output.flush();
  if (!sound) return fail(ErrorCode::unavailable, "the store had to be opened again", "try again");
  if (!done) return std::unexpected(std::move(done.error()));
  if (!flushed) return fail(ErrorCode::unavailable, "the reader of the result went away");
  run.info.bytes = output.bytes();
  run.info.elapsed_ns = now_steady() - start;
  return run.info;
}

Result<QueryInfo> QueryEngine::run(const Database& database, std::string_view sql, Format format,
                                   const QueryLimits& limits, const Sink& sink) {
  const auto export_file =
      database.temp_dir() / fmt::format("export-{}-{}", ::getpid(), exports_.fetch_add(1)) / "result.parquet";
  return guarded(database, limits, sink,
                 [&](RunningQuery& run) { return run_bound(run, sql, format, export_file); });
}

Result<QueryInfo> QueryEngine::scan(const Database& database, std::string_view sql, const QueryLimits& limits,
                                    const ChunkSink& sink) {
  const Sink nothing = [](std::string_view) { return true; };
  return guarded(database, limits, nothing,
                 [&](RunningQuery& run) { return scan_bound(run, sql, sink, database); });
}

}  // namespace llt::store
