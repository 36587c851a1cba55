#pragma once
// One open DuckDB instance, locked down: no files but its own, no network, no extensions, no settings.

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/handles.h"

namespace llt::store {

struct DatabaseConfig {
  std::filesystem::path file;
  std::filesystem::path temp_dir;  ///< spilled and exported data; the only other place it can write to
  bool read_only = false;
  std::uint64_t memory_bytes = 0;
  int threads = 1;
};

/// Whether what an instance answers is what its files hold.
enum class Trust : std::uint8_t {
  sound,
  in_doubt,  ///< a checkpoint is running: its end says whether answers from now on were true
  broken,    ///< a checkpoint failed: tables can look empty
};

/// Threads: all members may be called from any.
class Database {
 public:
  /// Errors: data_loss (damaged), already_exists (another process has it open), invalid_argument (made by a
  /// newer DuckDB), permission_denied, resource_exhausted.
  static Result<std::shared_ptr<Database>> open(const DatabaseConfig& config);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  /// All connections must be gone.
  ~Database();

  [[nodiscard]] Result<Connection> connect() const;
  [[nodiscard]] const std::filesystem::path& temp_dir() const noexcept { return temp_dir_; }

  void trust(Trust trust);
  /// Whether everything read up to now is true. To be asked after reading and before handing out. Waits for
  /// the end of a running checkpoint, but no more than a second: from failing to saying so takes it far less,
  /// so what was read a second ago was read from a sound instance.
  [[nodiscard]] bool was_sound() const;

 private:
  Database(duckdb_database database, std::filesystem::path temp_dir);

  duckdb_database database_;
  std::filesystem::path temp_dir_;
  mutable std::mutex trust_mutex_;
  mutable std::condition_variable trust_changed_;
  Trust trust_ = Trust::sound;
};

/// An error of DuckDB as one of ours, without its prefix and its repetition of the SQL.
[[nodiscard]] Error to_error(duckdb_error_type type, std::string_view message);

/// Runs SQL of ours; the result is dropped. Gives the number of changed rows.
Result<std::uint64_t> execute(duckdb_connection connection, const std::string& sql);

/// Runs SQL of ours and gives the first column as text, NULL as nullopt. For small results.
Result<std::vector<std::optional<std::string>>> first_column(duckdb_connection connection,
                                                             const std::string& sql);

/// first_column() for a query of one integer; nullopt when it is NULL or there is no row.
Result<std::optional<std::int64_t>> single_integer(duckdb_connection connection, const std::string& sql);

/// The text of one VARCHAR value of a vector; valid as long as the chunk.
[[nodiscard]] std::string_view string_at(duckdb_vector vector, idx_t row) noexcept;
[[nodiscard]] bool valid_at(duckdb_vector vector, idx_t row) noexcept;

}  // namespace llt::store
