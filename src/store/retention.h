#pragma once
// Deletes old rows, by age and by size, and gives their space back.

#include <cstdint>

#include "base/clock.h"
#include "base/error.h"
#include "store/data_dir.h"
#include "store/database.h"

namespace llt::store {

struct RetentionLimits {
  std::int64_t max_age_seconds = 0;  ///< 0 = none
  std::uint64_t max_bytes = 0;       ///< 0 = none
};

/// Rows older than the age limit go, within a twentieth of it or ten minutes, whichever is less. If the store
/// is still larger than `max_bytes`, the oldest rows of all tables go, up to one common moment, until it is
/// at most 90% of it. Gives the moment up to which rows were deleted; 0 when none were.
///
/// `connection` is one to `database`. After an error that instance must not be used again (checkpoint.h).
///
/// Size is what the store needs: used blocks of the database file plus its log. Blocks that deletion freed
/// are used again before the file grows, and a checkpoint cuts off those at its end, so the file stays near
/// the limit too.
[[nodiscard]] Result<UnixNs> apply_retention(Database& database, duckdb_connection connection,
                                             const DataFiles& files, const RetentionLimits& limits,
                                             UnixNs now);

/// Bytes in use as apply_retention() measures them.
[[nodiscard]] Result<std::uint64_t> used_bytes(duckdb_connection connection, const DataFiles& files);

}  // namespace llt::store
