#include "gpus/gpus.h"

#include <array>

#include "gpus/amd.h"
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

void add_nvidia(GpuList& list) {
  const Library& library = Library::get();
  if (!library.usable()) {
    list.problem = library.problem();
    return;
  }
  std::array<char, 128> version{};
  if (library.driver_version(version.data(), version.size()) == kSuccess) {
    list.driver_version = version.data();
  }
  unsigned count = 0;
  if (const auto code = library.count(&count); code != kSuccess) {
    list.problem = "cannot count GPUs: " + library.explain(code);
    return;
  }
  for (unsigned index = 0; index < count; ++index) {
    nvml::Device device = nullptr;
    if (library.by_index(index, &device) == kSuccess) list.gpus.push_back(describe(library, index, device));
  }
}

}  // namespace

std::string_view to_string(Vendor vendor) noexcept { return vendor == Vendor::amd ? "AMD" : "NVIDIA"; }

GpuList list_gpus() {
  GpuList list;
  add_nvidia(list);
  for (const AmdCard& card : amd_cards(static_cast<int>(list.gpus.size())))
    list.gpus.push_back(describe(card));
  return list;
}

}  // namespace llt::gpus
