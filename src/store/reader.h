#pragma once
// Read-only SQL over the store: what every view is made of.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"

namespace llt::store {

enum class Format : std::uint8_t {
  table,    ///< aligned text with a header, for a terminal
  csv,      ///< RFC 4180 with a header line; NULL is an empty field, an empty text is ""
  json,     ///< one document: an array of objects
  parquet,  ///< one Parquet file, zstd
  arrow,    ///< Arrow IPC stream
};

/// "table", "csv", "json", "parquet", "arrow".
[[nodiscard]] std::optional<Format> parse_format(std::string_view name);
[[nodiscard]] std::string_view content_type(Format format);

struct QueryLimits {
  int timeout_ms = 30'000;     ///< wall clock for the whole query; 0 = none
  std::uint64_t max_rows = 0;  ///< stop after so many rows; 0 = all
  std::stop_token stop{};      ///< requested from any thread: the query ends with `unavailable`
};

struct QueryInfo {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< handed to the sink
  bool truncated = false;   ///< max_rows cut the result
  std::int64_t elapsed_ns = 0;
};

/// Takes a piece of the formatted result; at most about 1 MiB at a time. Returns false to stop the query
/// (then query() fails with `unavailable`). Called on the thread that called query().
using Sink = std::function<bool(std::string_view)>;

class Reader {
 public:
  virtual ~Reader() = default;

  /// Runs exactly one statement that only reads: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or
  /// EXPLAIN. It cannot reach files, the network, other databases or settings. Any thread; queries run side
  /// by side, each on a snapshot of its own. Nothing is handed to `sink` before the first rows are there, so
  /// an error in the SQL leaves it untouched; an error later (timeout, memory) leaves a partial result.
  /// Errors: invalid_argument (not one read-only statement, or SQL that does not bind), timeout,
  /// resource_exhausted (memory, too many queries), unavailable (the sink stopped it, or the store is
  /// closed).
  [[nodiscard]] virtual Result<QueryInfo> query(std::string_view sql, Format format,
                                                const QueryLimits& limits, const Sink& sink) = 0;

  /// query() into a string, for small results.
  [[nodiscard]] Result<std::string> query_text(std::string_view sql, Format format,
                                               const QueryLimits& limits = {});
};

/// What a read-only store may use. Larger sorts and joins spill to a temporary folder.
struct ReaderOptions {
  std::uint64_t memory_bytes = 1024ull * 1024 * 1024;
  int threads = 2;
};

/// Opens the database in `data_dir` for reading only. Errors: not_found (no store there), already_exists (a
/// running instance holds it; the message names its pid), data_loss (damaged).
[[nodiscard]] Result<std::unique_ptr<Reader>> open_read_only(const std::filesystem::path& data_dir,
                                                             const ReaderOptions& options = {});

}  // namespace llt::store
