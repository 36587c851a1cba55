#pragma once
// Moving the log into the database file: only when we say so, and only with room for it.
//
// A checkpoint of DuckDB 1.4 that fails midway, for instance on a full disk, leaves tables that look empty in
// memory, while the files still hold everything. The next checkpoint would make that loss lasting. So DuckDB
// never checkpoints by itself here (not after a commit, not when it closes), and an instance whose checkpoint
// failed must be thrown away unused: opening the files again brings the rows back. Queries that read such an
// instance before it is thrown away are kept from handing out what they saw: see Database::Trust.

#include <cstdint>

#include "base/error.h"
#include "store/data_dir.h"
#include "store/database.h"

namespace llt::store {

/// The log is folded into the database when it is larger than this.
inline constexpr std::uint64_t kCheckpointLogBytes = 64ull * 1024 * 1024;

[[nodiscard]] std::uint64_t log_bytes(const DataFiles& files);

/// Whether the disk has room for what a checkpoint writes before it frees anything: a guess on the safe side,
/// not a promise.
[[nodiscard]] bool has_room_for_checkpoint(const DataFiles& files);

/// After an error the instance must not be used again, and not be checkpointed.
[[nodiscard]] Result<> checkpoint(Database& database, duckdb_connection connection);

}  // namespace llt::store
