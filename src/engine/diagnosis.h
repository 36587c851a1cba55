#pragma once
// Why an engine ended, in words that its user can act on. Pure.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/child_process.h"
#include "engine/engine_log.h"

namespace llt::engine {

/// What is known about the circumstances.
struct Circumstances {
  std::filesystem::path binary, model;
  std::uint64_t model_bytes = 0;             ///< 0 when unknown
  std::uint64_t memory_available_bytes = 0;  ///< when it was started; 0 when unknown
  bool was_ready = false;
  std::optional<bool> kernel_killed_for_memory;  ///< whether the kernel counted such kills while it ran
};

/// For an end that we did not ask for.
[[nodiscard]] Error diagnose_exit(const ExitStatus& status, const std::vector<LogLine>& lines,
                                  const Circumstances& around);

/// 1610612736 -> "1.5 GiB".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

}  // namespace llt::engine
