#include "store/checkpoint.h"

namespace llt::store {

std::uint64_t log_bytes(const DataFiles& files) {
  std::error_code error;
  const auto size = std::filesystem::file_size(files.log, error);
  return error ? 0 : size;
}

bool has_room_for_checkpoint(const DataFiles& files) {
  constexpr std::uint64_t kMargin = 8ull * 1024 * 1024;
  std::error_code error;
  const auto space = std::filesystem::space(files.dir, error);
  return error || space.available >= 2 * log_bytes(files) + kMargin;
}

Result<> checkpoint(Database& database, duckdb_connection connection) {
  database.trust(Trust::in_doubt);
  const auto done = execute(connection, "CHECKPOINT");
  database.trust(done ? Trust::sound : Trust::broken);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace llt::store
