#include "analytics/gpu/find.h"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

namespace llt::analytics::gpu {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path();
}

std::vector<fs::path> search_path() {
  std::vector<fs::path> folders;
  std::istringstream given(variable("LLAMATELEMETRY_RAPIDS"));
  for (std::string folder; std::getline(given, folder, ':');) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  const fs::path here = program_folder();
  for (const char* inner : {"", "lib", "rapids"}) folders.push_back(here / inner);
  std::string cache = variable("XDG_CACHE_HOME");
  if (cache.empty()) cache = variable("HOME") + "/.cache";
  folders.push_back(fs::path(cache) / "llamatelemetry" / "rapids");
  return folders;
}

}  // namespace

Result<Installation> find_installation() {
  Installation found;
  std::string looked;
  for (const fs::path& folder : search_path()) {
    std::error_code ignored;
    if (found.plugin.empty() && fs::exists(folder / kPluginName, ignored))
      found.plugin = folder / kPluginName;
    const std::string separator = looked.empty() ? "" : ":";
    looked += separator + folder.string();
  }
  found.folders = looked;
  if (found.plugin.empty()) {
    return fail(ErrorCode::not_found, fmt::format("the GPU plugin {} is not there", kPluginName),
                "looked in " + looked + "; LLAMATELEMETRY_RAPIDS names other folders");
  }
  return found;
}

unsigned driver_gpu_count() {
  std::error_code error;
  unsigned count = 0;
  for (fs::directory_iterator entry("/proc/driver/nvidia/gpus", error), end; !error && entry != end;
       entry.increment(error))
    ++count;
  return count;
}

std::string analytics_gpu() {
  if (std::string chosen = variable("LLAMATELEMETRY_ANALYTICS_GPU"); !chosen.empty()) return chosen;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES"); visible != nullptr) return visible;
  const unsigned count = driver_gpu_count();
  return std::to_string(count == 0 ? 0 : count - 1);
}

}  // namespace llt::analytics::gpu
