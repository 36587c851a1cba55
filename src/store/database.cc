#include "store/database.h"

#include <array>
#include <charconv>
#include <chrono>

namespace llt::store {
namespace {

using Config = Owned<duckdb_config, duckdb_destroy_config>;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool says_disk_full(std::string_view message) {
  return contains(message, "No space left") || contains(message, "quota exceeded") ||
         contains(message, "File too large");
}

bool says_damaged(std::string_view message) {
  for (const char* sign : {"not a valid DuckDB database", "orrupt", "checksum", "replaying WAL",
                           "read enough bytes", "erializ", "INTERNAL Error"}) {
    if (contains(message, sign)) return true;
  }
  return false;
}

/// Why a database could not be opened. Only what is surely damage is called that.
Error open_error(const DatabaseConfig& config, std::string_view reason) {
  const std::string file = config.file.string();
  const std::string why = ": " + std::string(reason.substr(0, reason.find('\n')));
  if (contains(reason, "Could not set lock on file") || contains(reason, "onflicting lock")) {
    return {ErrorCode::already_exists, "another process has " + file + " open" + why,
            "stop it or use another --data"};
  }
  if (contains(reason, "Permission denied") || contains(reason, "Read-only file system")) {
    return {ErrorCode::permission_denied, "cannot open " + file + why, "check who owns the folder"};
  }
  if (says_disk_full(reason)) {
    return {ErrorCode::resource_exhausted, "cannot open " + file + ": the disk is full", "free some space"};
  }
  if (contains(reason, "Out of Memory") || contains(reason, "Too many open files")) {
    return {ErrorCode::resource_exhausted, "cannot open " + file + why, {}};
  }
  if (contains(reason, "with version number") || contains(reason, "newer version of DuckDB")) {
    return {ErrorCode::invalid_argument, file + " was written by a newer DuckDB" + why,
            "use the newer program or another --data"};
  }
  if (config.read_only && contains(reason, "database does not exist")) {
    return {ErrorCode::not_found, "there is no store at " + file, "run `llamatelemetry up` first"};
  }
  if (says_damaged(reason)) {
    return {ErrorCode::data_loss, file + " is damaged" + why,
            "`llamatelemetry up` keeps it under another name and begins a new store"};
  }
  return {ErrorCode::internal, "cannot open " + file + why, "rename the file to begin a new store"};
}

Result<Config> make_config(const DatabaseConfig& config) {
  Config handle;
  if (duckdb_create_config(handle.out()) != DuckDBSuccess)
    return fail(ErrorCode::internal, "no DuckDB configuration");
  // The order matters: the last two close the doors behind them.
  const std::array<std::pair<const char*, std::string>, 11> settings{{
      {"access_mode", config.read_only ? "READ_ONLY" : "READ_WRITE"},
      {"temp_directory", config.temp_dir.string()},
      {"max_temp_directory_size", "4GB"},
      {"memory_limit", std::to_string(config.memory_bytes) + "B"},
      {"threads", std::to_string(config.threads)},
      {"checkpoint_threshold", "1TB"},  // see checkpoint.h
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"enable_external_access", "false"},
      {"lock_configuration", "true"},
  }};
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(handle.get(), name, value.c_str()) != DuckDBSuccess) {
      return fail(ErrorCode::internal, std::string("this DuckDB refuses the setting ") + name,
                  "use DuckDB 1.4");
    }
  }
  return handle;
}

ErrorCode code_of(duckdb_error_type type, std::string_view message) {
  if (says_disk_full(message)) return ErrorCode::resource_exhausted;
  switch (type) {
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return ErrorCode::resource_exhausted;
    case DUCKDB_ERROR_INTERRUPT:
      return ErrorCode::timeout;
    case DUCKDB_ERROR_SERIALIZATION:
      return ErrorCode::data_loss;
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_INTERNAL:
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_TRANSACTION:
      return says_damaged(message) ? ErrorCode::data_loss : ErrorCode::internal;
    case DUCKDB_ERROR_PERMISSION:
      return ErrorCode::permission_denied;
    default:
      return ErrorCode::invalid_argument;
  }
}

}  // namespace

Database::Database(duckdb_database database, std::filesystem::path temp_dir)
    : database_(database), temp_dir_(std::move(temp_dir)) {}

Database::~Database() { duckdb_close(&database_); }

Result<std::shared_ptr<Database>> Database::open(const DatabaseConfig& config) {
  auto handle = make_config(config);
  if (!handle) return std::unexpected(handle.error());
  duckdb_database database = nullptr;
  char* reason = nullptr;
  if (duckdb_open_ext(config.file.c_str(), &database, handle->get(), &reason) != DuckDBSuccess) {
    Error error = open_error(config, reason == nullptr ? "unknown" : reason);
    duckdb_free(reason);
    return std::unexpected(std::move(error));
  }
  auto opened = std::shared_ptr<Database>(new Database(database, config.temp_dir));
  if (config.read_only) return opened;
  const auto connection = opened->connect();
  if (!connection) return std::unexpected(connection.error());
  const auto set = execute(connection->get(), "PRAGMA disable_checkpoint_on_shutdown");
  if (!set) return std::unexpected(set.error());
  return opened;
}

Result<Connection> Database::connect() const {
  Connection connection;
  if (duckdb_connect(database_, connection.out()) != DuckDBSuccess) {
    return fail(ErrorCode::resource_exhausted, "cannot connect to the store");
  }
  return connection;
}

void Database::trust(Trust trust) {
  const std::lock_guard lock(trust_mutex_);
  trust_ = trust;
  trust_changed_.notify_all();
}

bool Database::was_sound() const {
  std::unique_lock lock(trust_mutex_);
  trust_changed_.wait_for(lock, std::chrono::seconds(1), [this] { return trust_ != Trust::in_doubt; });
  return trust_ != Trust::broken;
}

Error to_error(duckdb_error_type type, std::string_view message) {
  const ErrorCode code = code_of(type, message);
  // "Binder Error: text\n\nLINE 1: ...": the first paragraph says it, the second shows where.
  const std::size_t where = message.find("\n\nLINE");
  // Of errors that are fatal to it, DuckDB tells the stack too.
  std::string text(message.substr(0, std::min(where, message.find("\n\nStack Trace"))));
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  return {code, std::move(text),
          where == std::string_view::npos ? "" : std::string(message.substr(where + 2))};
}

Result<std::uint64_t> execute(duckdb_connection connection, const std::string& sql) {
  ResultSet result;
  if (duckdb_query(connection, sql.c_str(), result.out()) != DuckDBSuccess) {
    const char* message = duckdb_result_error(result.out());
    return std::unexpected(
        to_error(duckdb_result_error_type(result.out()), message == nullptr ? sql : message));
  }
  return duckdb_rows_changed(result.out());
}

Result<std::vector<std::optional<std::string>>> first_column(duckdb_connection connection,
                                                             const std::string& sql) {
  ResultSet result;
  const std::string text = "SELECT CAST(c AS VARCHAR) FROM (" + sql + ") t(c)";
  if (duckdb_query(connection, text.c_str(), result.out()) != DuckDBSuccess) {
    const char* message = duckdb_result_error(result.out());
    return std::unexpected(
        to_error(duckdb_result_error_type(result.out()), message == nullptr ? sql : message));
  }
  std::vector<std::optional<std::string>> values;
  while (DataChunk chunk{duckdb_fetch_chunk(result.get())}) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), 0);
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk.get()); ++row) {
      if (valid_at(vector, row)) {
        values.emplace_back(string_at(vector, row));
      } else {
        values.emplace_back(std::nullopt);
      }
    }
  }
  return values;
}

Result<std::optional<std::int64_t>> single_integer(duckdb_connection connection, const std::string& sql) {
  auto values = first_column(connection, sql);
  if (!values) return std::unexpected(values.error());
  if (values->empty() || !values->front()) return std::nullopt;
  const std::string& text = *values->front();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorCode::internal, "not an integer: " + text);
  }
  return number;
}

std::string_view string_at(duckdb_vector vector, idx_t row) noexcept {
  auto* values = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  return {duckdb_string_t_data(&values[row]), duckdb_string_t_length(values[row])};
}

bool valid_at(duckdb_vector vector, idx_t row) noexcept {
  const std::uint64_t* mask = duckdb_vector_get_validity(vector);
  return mask == nullptr || ((mask[row / 64] >> (row % 64)) & 1u) != 0;
}

}  // namespace llt::store
