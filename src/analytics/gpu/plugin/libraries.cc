#include "analytics/gpu/plugin/libraries.h"

#include <dlfcn.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace llt::rapids {
namespace {

namespace fs = std::filesystem;

// Where the packages of PyPI put their libraries, below site-packages.
constexpr std::array kPackageFolders{"",
                                     "lib",
                                     "lib64",
                                     "libcugraph/lib64",
                                     "libraft/lib64",
                                     "libcudf/lib64",
                                     "librmm/lib64",
                                     "libcuvs/lib64",
                                     "libkvikio/lib64",
                                     "rapids_logger/lib64",
                                     "nvidia/cu13/lib",
                                     "nvidia/libnvcomp/lib64",
                                     "nvidia/nccl/lib",
                                     "nvidia/cuda_runtime/lib",
                                     "nvidia/cuda_nvrtc/lib",
                                     "nvidia/nvjitlink/lib",
                                     "nvidia/cublas/lib",
                                     "nvidia/cusparse/lib",
                                     "nvidia/cusolver/lib",
                                     "nvidia/curand/lib"};

constexpr unsigned kGraphs = 1U << LLT_RAPIDS_GRAPHS, kTables = 1U << LLT_RAPIDS_TABLES,
                   kVectors = 1U << LLT_RAPIDS_VECTORS, kAll = kGraphs | kTables | kVectors;

struct Wanted {
  std::vector<const char*> names;  // of CUDA 13, then of CUDA 12
  bool ours;                       // RAPIDS itself: must be in the folders
  unsigned by;                     // which work
};

// In this order each finds what it needs already loaded. The last of a work is what it calls.
std::vector<Wanted> wanted(llt_rapids_work work) {
  static const std::vector<Wanted> all{
      {{"librapids_logger.so"}, true, kAll},
      {{"librmm.so"}, true, kAll},
      {{"libcudart.so.13", "libcudart.so.12"}, false, kAll},
      {{"libnvJitLink.so.13", "libnvJitLink.so.12"}, false, kAll},
      {{"libnvrtc.so.13", "libnvrtc.so.12"}, false, kAll},
      {{"libcublasLt.so.13", "libcublasLt.so.12"}, false, kGraphs | kVectors},
      {{"libcublas.so.13", "libcublas.so.12"}, false, kGraphs | kVectors},
      {{"libcusparse.so.12"}, false, kGraphs | kVectors},
      {{"libcusolver.so.12", "libcusolver.so.11"}, false, kGraphs | kVectors},
      {{"libcurand.so.10"}, false, kGraphs | kVectors},
      {{"libnccl.so.2"}, false, kGraphs | kVectors},
      {{"libkvikio.so"}, true, kAll},
      {{"libnvcomp.so.5"}, true, kTables},
      {{"libcudf.so"}, true, kTables},
      {{"libraft.so"}, true, kGraphs},
      {{"libcuvs.so"}, true, kGraphs | kVectors},
      {{"libcuvs_c.so"}, true, kVectors},
      {{"libcugraph_common.so"}, true, kGraphs},
      {{"libcugraph.so"}, true, kGraphs},
      {{"libcugraph_mg.so"}, true, kGraphs},
      {{"libcugraph_c.so"}, true, kGraphs},
  };
  std::vector<Wanted> some;
  for (const Wanted& library : all) {
    if ((library.by & 1U << work) != 0) some.push_back(library);
  }
  return some;
}

std::vector<fs::path> expand(const std::string& folders) {
  std::vector<fs::path> all;
  std::istringstream list(folders);
  for (std::string folder; std::getline(list, folder, ':');) {
    if (folder.empty()) continue;
    for (const char* inner : kPackageFolders) {
      std::error_code ignored;
      const fs::path path = fs::path(folder) / inner;
      if (fs::is_directory(path, ignored)) all.push_back(path);
    }
  }
  return all;
}

// The wheels have a file VERSION beside their lib64/.
std::string read_version(const std::vector<fs::path>& folders, const char* library) {
  for (const fs::path& folder : folders) {
    std::error_code ignored;
    if (!fs::exists(folder / library, ignored)) continue;
    for (const char* name : {"VERSION", "../VERSION"}) {
      std::ifstream file(folder / name);
      std::string version;
      if (file >> version) return version;
    }
  }
  return {};
}

// From the folders first; CUDA's own also from where the loader looks and the toolkit installs. By every name
// there before any here: a machine with CUDA 13 has libraries that the set for CUDA 12 in the folders cannot
// use.
void* open_one(const Wanted& library, const std::vector<fs::path>& folders, std::string& why) {
  constexpr int kHow = RTLD_LAZY | RTLD_GLOBAL;
  why.clear();
  for (const char* name : library.names) {
    for (const fs::path& folder : folders) {
      std::error_code ignored;
      if (!fs::exists(folder / name, ignored)) continue;
      if (void* handle = dlopen((folder / name).c_str(), kHow)) return handle;
      if (why.empty()) why = dlerror();
    }
  }
  if (!library.ours) {
    for (const char* name : library.names) {
      for (const char* folder : {"", "/usr/local/cuda/lib64/", "/usr/local/cuda/targets/x86_64-linux/lib/"}) {
        if (void* handle = dlopen((std::string(folder) + name).c_str(), kHow)) return handle;
      }
    }
  }
  if (why.empty()) why = std::string(library.names.front()) + " is in none of the folders";
  return nullptr;
}

}  // namespace

Libraries open_libraries(const std::string& folders, llt_rapids_work work) {
  Libraries libraries;
  const auto all = expand(folders);
  const auto list = wanted(work);
  const std::string last = list.back().names.front();
  libraries.version = read_version(all, last.c_str());
  if (libraries.version.empty()) {
    libraries.problem =
        "no " + last + " with a file VERSION beside it in " + (folders.empty() ? "any folder" : folders);
    return libraries;
  }
  if (!libraries.version.starts_with(kWantedVersion)) {
    libraries.problem =
        "RAPIDS " + libraries.version + " is there, but this program was compiled for " + kWantedVersion;
    return libraries;
  }
  for (const Wanted& library : list) {
    std::string why;
    void* handle = open_one(library, all, why);
    const std::string name = library.names.front();
    if (handle == nullptr && library.ours) {
      libraries.problem.append("cannot open ").append(name).append(": ").append(why);
      return libraries;
    }
    if (name == "libcudart.so.13") libraries.cudart = handle;
    libraries.work = handle;
  }
  return libraries;
}

void* open_beside(const char* name, std::string& why) {
  Dl_info here{};
  if (dladdr(reinterpret_cast<const void*>(&open_beside), &here) == 0 || here.dli_fname == nullptr) {
    why = "the plugin does not know where it lies";
    return nullptr;
  }
  const fs::path path = fs::path(here.dli_fname).parent_path() / name;
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) why = dlerror();
  return handle;
}

}  // namespace llt::rapids
