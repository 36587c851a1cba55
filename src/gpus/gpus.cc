#include "gpus/gpus.h"

#include <array>

#include "gpus/nvml.h"
#include "gpus/processes.h"

namespace llt::gpus {
namespace {

using nvml::kSuccess;
using nvml::Library;

Gpu describe(const Library& library, unsigned index, nvml::Device device) {
  Gpu gpu;
  gpu.index = static_cast<int>(index);
  std::array<char, 128> text{};
  if (library.name(device, text.data(), text.size()) == kSuccess) gpu.name = text.data();
  if (library.uuid(device, text.data(), text.size()) == kSuccess) gpu.uuid = text.data();
  nvml::Memory memory{};
  if (library.memory(device, &memory) == kSuccess) {
    gpu.memory_total_bytes = memory.total;
    gpu.memory_used_bytes = memory.used;
  }
  nvml::Memory2 detailed{.version = nvml::kMemory2Version, .total = 0, .reserved = 0, .free = 0, .used = 0};
  if (library.memory2 != nullptr && library.memory2(device, &detailed) == kSuccess) {
    gpu.memory_reserved_bytes = detailed.reserved;
    gpu.memory_used_bytes = detailed.used;
  }
  int major = 0;
  int minor = 0;
  if (library.capability != nullptr && library.capability(device, &major, &minor) == kSuccess) {
    gpu.compute_capability = std::to_string(major) + "." + std::to_string(minor);
  }
  gpu.processes = processes_on(library, device);
  return gpu;
}

}  // namespace

GpuList list_gpus() {
  const Library& library = Library::get();
  GpuList list;
  if (!library.usable()) {
    list.problem = library.problem();
    return list;
  }
  std::array<char, 128> version{};
  if (library.driver_version(version.data(), version.size()) == kSuccess) {
    list.driver_version = version.data();
  }
  unsigned count = 0;
  if (const auto code = library.count(&count); code != kSuccess) {
    list.problem = "cannot count GPUs: " + library.explain(code);
    return list;
  }
  for (unsigned index = 0; index < count; ++index) {
    nvml::Device device = nullptr;
    if (library.by_index(index, &device) == kSuccess) list.gpus.push_back(describe(library, index, device));
  }
  return list;
}

}  // namespace llt::gpus
