#include "store/retention.h"

#include <fmt/format.h>

#include <algorithm>

#include "schema/tables.h"
#include "store/checkpoint.h"
#include "store/database.h"

namespace llt::store {
namespace {

/// Deletes rows of all ageing tables before a moment; gives how many.
Result<std::uint64_t> delete_before(duckdb_connection connection, UnixNs moment) {
  std::uint64_t rows = 0;
  for (const TableInfo& table : tables()) {
    if (table.age_column.empty()) continue;
    const auto deleted = execute(connection, fmt::format("DELETE FROM \"{}\" WHERE \"{}\" < {}", table.name,
                                                         table.age_column, moment));
    if (!deleted) return deleted;
    rows += *deleted;
  }
  return rows;
}

/// Whether any row is older than a moment. Quick: DuckDB knows each row group's smallest value.
Result<bool> any_before(duckdb_connection connection, UnixNs moment) {
  for (const TableInfo& table : tables()) {
    if (table.age_column.empty()) continue;
    const auto found = single_integer(
        connection,
        fmt::format("SELECT 1 FROM \"{}\" WHERE \"{}\" < {} LIMIT 1", table.name, table.age_column, moment));
    if (!found) return std::unexpected(found.error());
    if (*found) return true;
  }
  return false;
}

/// The moment before which about `share` of all rows lie.
Result<std::optional<UnixNs>> moment_of_share(duckdb_connection connection, double share) {
  std::string all;
  for (const TableInfo& table : tables()) {
    if (table.age_column.empty()) continue;
    all += fmt::format("{}SELECT \"{}\" AS t FROM \"{}\"", all.empty() ? "" : " UNION ALL ", table.age_column,
                       table.name);
  }
  return single_integer(connection,
                        fmt::format("SELECT CAST(approx_quantile(t, {}) AS BIGINT) FROM ({})", share, all));
}

Result<UnixNs> shrink(Database& database, duckdb_connection connection, const DataFiles& files,
                      std::uint64_t max_bytes) {
  constexpr int kRounds = 5;
  UnixNs deleted_to = 0;
  for (int round = 0; round < kRounds; ++round) {
    // Deleting frees nothing without a checkpoint, so without room for one nothing is deleted.
    if (!has_room_for_checkpoint(files)) return deleted_to;
    if (auto done = checkpoint(database, connection); !done) return std::unexpected(done.error());
    const auto used = used_bytes(connection, files);
    if (!used) return std::unexpected(used.error());
    const double target = 0.9 * static_cast<double>(max_bytes);
    if (*used <= (round == 0 ? max_bytes : static_cast<std::uint64_t>(target))) return deleted_to;
    const double share = 1.0 - target / static_cast<double>(*used);
    const auto moment = moment_of_share(connection, std::clamp(share, 0.01, 0.99));
    if (!moment) return std::unexpected(moment.error());
    if (!*moment) return deleted_to;  // no rows left
    const auto deleted = delete_before(connection, **moment + 1);
    if (!deleted) return std::unexpected(deleted.error());
    if (*deleted == 0) return deleted_to;
    deleted_to = **moment + 1;
  }
  if (!has_room_for_checkpoint(files)) return deleted_to;
  if (auto done = checkpoint(database, connection); !done) return std::unexpected(done.error());
  return deleted_to;
}

}  // namespace

Result<std::uint64_t> used_bytes(duckdb_connection connection, const DataFiles& files) {
  const auto blocks = single_integer(
      connection,
      "SELECT block_size * used_blocks FROM pragma_database_size() WHERE database_name = current_database()");
  if (!blocks) return std::unexpected(blocks.error());
  return static_cast<std::uint64_t>(blocks->value_or(0)) + log_bytes(files);
}

namespace {

/// Deletes in steps of a twentieth of the age limit, at most ten minutes: each deletion makes the checkpoint
/// rewrite the row group that the limit runs through.
Result<UnixNs> delete_aged(Database& database, duckdb_connection connection, const DataFiles& files,
                           std::int64_t max_age_seconds, UnixNs now) {
  constexpr UnixNs kSecond = 1'000'000'000;
  const UnixNs moment = now - max_age_seconds * kSecond;
  const UnixNs slack = std::min(max_age_seconds * kSecond / 20, 600 * kSecond);
  const auto due = any_before(connection, moment - slack);
  if (!due) return std::unexpected(due.error());
  if (!*due) return 0;
  if (auto deleted = delete_before(connection, moment); !deleted) return std::unexpected(deleted.error());
  if (!has_room_for_checkpoint(files)) return moment;
  if (auto done = checkpoint(database, connection); !done) return std::unexpected(done.error());
  return moment;
}

}  // namespace

Result<UnixNs> apply_retention(Database& database, duckdb_connection connection, const DataFiles& files,
                               const RetentionLimits& limits, UnixNs now) {
  UnixNs deleted_to = 0;
  if (limits.max_age_seconds > 0) {
    const auto aged = delete_aged(database, connection, files, limits.max_age_seconds, now);
    if (!aged) return aged;
    deleted_to = *aged;
  }
  if (limits.max_bytes == 0) return deleted_to;
  const auto used = used_bytes(connection, files);
  if (!used) return std::unexpected(used.error());
  if (*used <= limits.max_bytes) return deleted_to;
  const auto shrunk = shrink(database, connection, files, limits.max_bytes);
  if (!shrunk) return shrunk;
  return std::max(deleted_to, *shrunk);
}

}  // namespace llt::store
