#pragma once
// Where the plugin and the RAPIDS libraries are on this machine.

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace llt::analytics::gpu {

inline constexpr const char* kPluginName = "libllamatelemetry_rapids.so";

struct Installation {
  std::filesystem::path plugin;
  std::string folders;  ///< colon-separated, for the plugin
};

/// Looks in the folders of LLAMATELEMETRY_RAPIDS (colon-separated), beside the program, in lib/ and rapids/
/// there, and where scripts/run installs RAPIDS. Errors: not_found, saying where was looked.
[[nodiscard]] Result<Installation> find_installation();

/// The GPUs that the driver knows, without asking CUDA; 0 without a driver.
[[nodiscard]] unsigned driver_gpu_count();

/// What CUDA_VISIBLE_DEVICES is to be for the worker: LLAMATELEMETRY_ANALYTICS_GPU, what it already is, or
/// the last GPU: the first serves the model.
[[nodiscard]] std::string analytics_gpu();

/// Whether the worker can compute here: starts it once. One sentence for `doctor`.
struct Health {
  bool usable = false;
  std::string what;    ///< "cuGraph 26.10.00 on GPU 1, 79.1 GiB free", or what is missing
  std::string action;  ///< what to do; empty when usable
};
[[nodiscard]] Health examine();

}  // namespace llt::analytics::gpu
