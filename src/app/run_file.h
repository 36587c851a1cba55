#pragma once
// DATA/run.json: how other commands find a running instance. Written by `up` when its ports are open.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace llt::app {

struct RunInfo {
  std::int64_t pid = 0;
  std::uint64_t pid_start_ticks = 0;  ///< field 22 of /proc/PID/stat: tells a reused pid from the instance
  std::string console, gateway;       ///< "http://127.0.0.1:8081"
  std::string version;
  UnixNs started_unix_ns = 0;
};

/// Owns DATA/run.json of this process: the destructor removes it.
class RunFile {
 public:
  /// Written beside and renamed, mode 0600.
  [[nodiscard]] static Result<RunFile> write(const std::filesystem::path& data, const RunInfo& info);
  RunFile(RunFile&& other) noexcept;
  RunFile& operator=(RunFile&&) = delete;
  ~RunFile();

 private:
  explicit RunFile(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// The instance that uses `data` now. Nothing when there is no file or its process is gone.
[[nodiscard]] std::optional<RunInfo> find_running(const std::filesystem::path& data);

/// When a process started, in clock ticks since boot; nothing when there is no such process.
[[nodiscard]] std::optional<std::uint64_t> process_start_ticks(std::int64_t pid);

/// Only one `up` per data folder: holds an advisory lock on DATA/lock until destroyed or the process ends.
class DataLock {
 public:
  /// Creates the folder (mode 0700) when it is missing. Fails with `already_exists`, naming the holder.
  [[nodiscard]] static Result<DataLock> take(const std::filesystem::path& data);
  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

 private:
  explicit DataLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace llt::app
