#pragma once
// Runs a checked query and writes its result in one of the formats.

#include <atomic>
#include <memory>

#include "store/database.h"
#include "store/reader.h"
#include "store/row_scanner.h"
#include "store/watchdog.h"

namespace llt::store {

/// Queries of one store. Thread-safe.
class QueryEngine {
 public:
  /// As Reader::query().
  [[nodiscard]] Result<QueryInfo> run(const Database& database, std::string_view sql, Format format,
                                      const QueryLimits& limits, const Sink& sink);
  /// As RowScanner::scan().
  [[nodiscard]] Result<QueryInfo> scan(const Database& database, std::string_view sql,
                                       const QueryLimits& limits, const ChunkSink& sink);
  /// Ends all running queries soon; they fail with `unavailable`.
  void cancel_all() { watchdog_.cancel_all(); }

 private:
  static constexpr int kMaxRunning = 16;

  /// Runs `work` on a connection of its own, with the limits of the query.
  template <class Work>
  Result<QueryInfo> guarded(const Database& database, const QueryLimits& limits, const Sink& sink, Work&& work);

  Watchdog watchdog_;
  std::atomic<int> running_{0};
  std::atomic<std::uint64_t> exports_{0};
};

}  // namespace llt::store
