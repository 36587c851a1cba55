#pragma once
// Brings a database to the schema of this program, and keeps the table `losses`.

#include <array>
#include <cstdint>

#include "base/error.h"
#include "base/losses.h"
#include "store/handles.h"
#include "store/store.h"

namespace llt::store {

/// Creates what is missing: tables, columns of older databases, rows of `meta` and `losses`, as `created_by`
/// and `begins_run` of the options have it. Errors: invalid_argument when a newer program made the database.
[[nodiscard]] Result<> ensure_schema(duckdb_connection connection, const Options& options);

/// The table `losses`: totals of earlier runs plus the counters of this process.
class LossesTable {
 public:
  /// Reads the totals of earlier runs once.
  [[nodiscard]] static Result<LossesTable> load(duckdb_connection connection);

  /// Writes the counters that changed since the last commit. Inside the caller's transaction.
  [[nodiscard]] Result<> write(duckdb_connection connection);
  /// The caller's transaction with write() in it was committed.
  void committed() { written_ = writing_; }
  /// Whether write() has anything to do.
  [[nodiscard]] bool changed() const { return loss_counts() != written_; }

 private:
  std::array<std::uint64_t, kLossCount> earlier_{}, written_{}, writing_{};
};

}  // namespace llt::store
