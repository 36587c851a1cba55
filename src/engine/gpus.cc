#include "engine/gpus.h"

#include <dlfcn.h>

#include <array>
#include <mutex>

namespace llt::engine {
namespace {

// The few declarations of NVML that are needed, so that neither its header nor a stub library is. Layouts and
// values are part of NVML's stable ABI.
using NvmlReturn = int;
using NvmlDevice = struct NvmlDeviceTag*;
constexpr NvmlReturn kSuccess = 0;
constexpr NvmlReturn kInsufficientSize = 7;
constexpr std::uint64_t kMemoryUnknown = ~std::uint64_t{0};

struct NvmlMemory {
  unsigned long long total, free, used;
};
struct NvmlProcess {
  unsigned int pid;
  unsigned long long used_memory;
  unsigned int gpu_instance, compute_instance;
};

class Nvml {
 public:
  Nvml() : library_(::dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) {
      problem_ = "no NVIDIA driver (libnvidia-ml.so.1 is not there)";
      return;
    }
    bool complete = resolve(init, "nvmlInit_v2");
    complete &= resolve(system_driver, "nvmlSystemGetDriverVersion");
    complete &= resolve(device_count, "nvmlDeviceGetCount_v2");
    complete &= resolve(device_by_index, "nvmlDeviceGetHandleByIndex_v2");
    complete &= resolve(device_name, "nvmlDeviceGetName");
    complete &= resolve(device_uuid, "nvmlDeviceGetUUID");
    complete &= resolve(device_memory, "nvmlDeviceGetMemoryInfo");
    resolve(device_capability, "nvmlDeviceGetCudaComputeCapability");
    resolve(device_processes, "nvmlDeviceGetComputeRunningProcesses_v3");
    resolve(error_string, "nvmlErrorString");
    if (!complete) {
      problem_ = "the NVIDIA driver's libnvidia-ml.so.1 is too old";
      return;
    }
    if (const auto rc = init(); rc != kSuccess) {
      problem_ = "the NVIDIA driver does not work: " + explain(rc);
      return;
    }
    usable_ = true;
  }
  // The library stays loaded and initialised for the life of the process; the driver cleans up after us.

  [[nodiscard]] bool usable() const noexcept { return usable_; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  [[nodiscard]] std::string explain(NvmlReturn rc) const {
    return error_string != nullptr ? error_string(rc) : "error " + std::to_string(rc);
  }

  NvmlReturn (*init)() = nullptr;
  NvmlReturn (*system_driver)(char*, unsigned) = nullptr;
  NvmlReturn (*device_count)(unsigned*) = nullptr;
  NvmlReturn (*device_by_index)(unsigned, NvmlDevice*) = nullptr;
  NvmlReturn (*device_name)(NvmlDevice, char*, unsigned) = nullptr;
  NvmlReturn (*device_uuid)(NvmlDevice, char*, unsigned) = nullptr;
  NvmlReturn (*device_memory)(NvmlDevice, NvmlMemory*) = nullptr;
  NvmlReturn (*device_capability)(NvmlDevice, int*, int*) = nullptr;
  NvmlReturn (*device_processes)(NvmlDevice, unsigned*, NvmlProcess*) = nullptr;
  const char* (*error_string)(NvmlReturn) = nullptr;

 private:
  template <class Function>
  bool resolve(Function& function, const char* name) {
    function = reinterpret_cast<Function>(::dlsym(library_, name));
    return function != nullptr;
  }

  void* library_;
  std::string problem_;
  bool usable_ = false;
};

std::vector<GpuProcess> processes_of(const Nvml& nvml, NvmlDevice device) {
  std::vector<GpuProcess> processes;
  if (nvml.device_processes == nullptr) return processes;
  std::vector<NvmlProcess> raw(64);
  auto count = static_cast<unsigned>(raw.size());
  auto rc = nvml.device_processes(device, &count, raw.data());
  if (rc == kInsufficientSize) {
    raw.resize(std::size_t{count} * 2);
    count = static_cast<unsigned>(raw.size());
    rc = nvml.device_processes(device, &count, raw.data());
  }
  if (rc != kSuccess) return processes;
  for (unsigned i = 0; i < count && i < raw.size(); ++i) {
    GpuProcess process{static_cast<std::int64_t>(raw[i].pid), std::nullopt};
    if (raw[i].used_memory != kMemoryUnknown) process.memory_bytes = raw[i].used_memory;
    processes.push_back(process);
  }
  return processes;
}

Gpu describe(const Nvml& nvml, unsigned index, NvmlDevice device) {
  Gpu gpu;
  gpu.index = static_cast<int>(index);
  std::array<char, 128> text{};
  if (nvml.device_name(device, text.data(), text.size()) == kSuccess) gpu.name = text.data();
  if (nvml.device_uuid(device, text.data(), text.size()) == kSuccess) gpu.uuid = text.data();
  NvmlMemory memory{};
  if (nvml.device_memory(device, &memory) == kSuccess) {
    gpu.memory_total_bytes = memory.total;
    gpu.memory_used_bytes = memory.used;
  }
  int major = 0;
  int minor = 0;
  if (nvml.device_capability != nullptr && nvml.device_capability(device, &major, &minor) == kSuccess) {
    gpu.compute_capability = std::to_string(major) + "." + std::to_string(minor);
  }
  gpu.processes = processes_of(nvml, device);
  return gpu;
}

}  // namespace

GpuList list_gpus() {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  static const Nvml nvml;
  GpuList list;
  if (!nvml.usable()) {
    list.problem = nvml.problem();
    return list;
  }
  std::array<char, 128> version{};
  if (nvml.system_driver(version.data(), version.size()) == kSuccess) list.driver_version = version.data();
  unsigned count = 0;
  if (const auto rc = nvml.device_count(&count); rc != kSuccess) {
    list.problem = "cannot count GPUs: " + nvml.explain(rc);
    return list;
  }
  for (unsigned index = 0; index < count; ++index) {
    NvmlDevice device = nullptr;
    if (nvml.device_by_index(index, &device) == kSuccess) list.gpus.push_back(describe(nvml, index, device));
  }
  return list;
}

}  // namespace llt::engine
