#pragma once
// A Unix socket address that nobody else can hold: in a folder of our own that only we can enter.

#include <filesystem>
#include <memory>

#include "base/error.h"

namespace llt::engine {

/// Owns the folder; the destructor removes it. The socket file itself is the engine's to create.
class PrivateSocket {
 public:
  /// Makes $XDG_RUNTIME_DIR/llamatelemetry-PID-N (or the same below /tmp), mode 0700, and removes the folders
  /// that dead processes of ours left behind.
  [[nodiscard]] static Result<std::shared_ptr<PrivateSocket>> create();
  ~PrivateSocket();
  PrivateSocket(const PrivateSocket&) = delete;
  PrivateSocket& operator=(const PrivateSocket&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  explicit PrivateSocket(std::filesystem::path folder)
      : folder_(std::move(folder)), path_(folder_ / "engine.sock") {}

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

}  // namespace llt::engine
