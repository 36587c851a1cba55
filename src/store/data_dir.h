#pragma once
// The folder that a store lives in: file names, the lock that keeps a second writer out, scratch space.

#include <filesystem>
#include <string>

#include "base/error.h"

namespace llt::store {

struct DataFiles {
  explicit DataFiles(std::filesystem::path data_dir)
      : dir(std::move(data_dir)),
        database(dir / "telemetry.duckdb"),
        log(dir / "telemetry.duckdb.wal"),
        lock(dir / "store.lock"),
        temp(dir / "tmp") {}

  std::filesystem::path dir, database, log, lock, temp;

  /// Of the database and its log. 0 when there is none.
  [[nodiscard]] std::uint64_t bytes() const;

  /// Renames a damaged database and its log to telemetry.damaged-<time>.duckdb[.wal]; gives the new name.
  [[nodiscard]] Result<std::filesystem::path> move_aside() const;
};

/// Held by the one process that writes. Released when the process ends, however it ends.
class WriterLock {
 public:
  /// Creates the folder when it is missing. Errors: already_exists naming the holder's pid,
  /// permission_denied, resource_exhausted.
  static Result<WriterLock> acquire(const DataFiles& files);
  WriterLock(WriterLock&& other) noexcept;
  WriterLock& operator=(WriterLock&&) = delete;
  ~WriterLock();

 private:
  explicit WriterLock(int fd) : fd_(fd) {}
  int fd_;
};

/// Fails with already_exists, naming the pid, when some process holds the writer's lock.
[[nodiscard]] Result<> check_no_writer(const DataFiles& files);

/// A folder that is removed, with all that is in it, at the end.
class ScratchDir {
 public:
  explicit ScratchDir(std::filesystem::path path) : path_(std::move(path)) {}
  ScratchDir(ScratchDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchDir& operator=(ScratchDir&&) = delete;
  ~ScratchDir();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace llt::store
