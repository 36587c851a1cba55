#pragma once
// Runs llama-server for a moment, without a model, to see whether it runs here and what it would compute
// with.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"

namespace llt::engine {

struct Trial {
  std::string backends;              ///< "CPU zen4", "CPU haswell, CUDA"; empty when it did not say
  std::vector<std::string> devices;  ///< as it lists them, e.g. "CUDA0: Tesla T4 (15095 MiB, 14990 MiB free)"
};

/// `llama-server --list-devices` with `environment` added to ours, killed after `timeout_ms`. It makes a CUDA
/// context on every card that it sees, for that moment. The error is that of a failed start: SIGILL, a
/// missing library and so on. The calling thread must live until it returns.
[[nodiscard]] Result<Trial> try_engine(const std::filesystem::path& binary, int timeout_ms,
                                       std::map<std::string, std::string> environment = {});

}  // namespace llt::engine
