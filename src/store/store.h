#pragma once
// The store: append-only tables in one DuckDB file, written by one thread, read by any number.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "schema/rows.h"
#include "store/reader.h"

namespace llt::store {

struct Options {
  std::int64_t retention_seconds = 7 * 24 * 3600;        ///< older rows are deleted; 0 = keep
  std::uint64_t max_bytes = 10ull * 1024 * 1024 * 1024;  ///< of the database and its log; 0 = no limit
  int flush_interval_ms = 200;                           ///< from append() to visible; at most 500
  std::size_t queue_bytes =
      128ull * 1024 * 1024;              ///< rows waiting for the writer; beyond it they are dropped
  int maintenance_interval_ms = 30'000;  ///< how often retention looks
  int retry_interval_ms = 1'000;         ///< how often a store that cannot write tries again
  std::uint64_t memory_bytes = 512ull * 1024 * 1024;  ///< DuckDB's memory in this process
  int query_threads = 1;   ///< per query; with more, DuckDB's writer spins while a checkpoint runs
  std::string created_by;  ///< name and version for the table `meta`
  bool begins_run = true;  ///< `losses.run_count` begins at 0; false: it stays that of the last `up`
};

enum class State : std::uint8_t {
  storing,
  disk_full,  ///< rows are dropped and counted; storing resumes by itself when there is space
  failing,    ///< another write error; retried likewise
  closed,
};

struct Health {
  State state = State::storing;
  std::string message;             ///< why it does not store; empty while it does
  std::uint64_t rows_stored = 0;   ///< by this process
  std::uint64_t rows_dropped = 0;  ///< by this process
  std::uint64_t rows_queued = 0;
  std::uint64_t disk_bytes = 0;          ///< database file and log
  std::int64_t last_commit_unix_ns = 0;  ///< 0 = none yet
  std::int64_t oldest_unix_ns = 0;  ///< cut-off of the last retention by age or size; 0 = nothing was deleted
};

/// One per process and data directory. Everything is thread-safe.
///
/// append() copies nothing but the row's members, never blocks on the disk, and drops (counted in losses)
/// when the queue is full. A row is visible to queries within 500 ms and survives a crash or power cut
/// within 1 s. Queries and the writer share memory_bytes of Options.
class Store : public Reader {
 public:
  /// Creates or opens `data_dir`/telemetry.duckdb. A damaged file is moved aside (never deleted), said in the
  /// log, counted as Loss::store_damaged, and a new one is begun. Errors: already_exists (another process
  /// holds it; the message names its pid), permission_denied, resource_exhausted, data_loss (made by a newer
  /// version of this program).
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& data_dir, Options options);

  template <class Row>
    requires std::is_constructible_v<AnyRow, Row*>
  void append(Row&& row) noexcept {
    append_any(&row);
  }

  /// All of them or none: false when the queue has no room, and then nothing is counted as lost, since the
  /// sender still has the rows. With flush() after it, for what is to be acknowledged.
  [[nodiscard]] virtual bool append_all(std::vector<SpanRow>&& rows) noexcept = 0;

  [[nodiscard]] virtual Health health() const = 0;

  /// Waits until everything appended before the call is durable. False when it could not be written, or not
  /// within `timeout_ms`.
  virtual bool flush(int timeout_ms) = 0;

  /// Writes what is queued and closes the file. Appends after it are dropped. Also done by the destructor.
  virtual void close() = 0;

 protected:
  /// Takes what `row` points to.
  virtual void append_any(AnyRow row) noexcept = 0;
};

}  // namespace llt::store
