#include "gpus/processes.h"

namespace llt::gpus {

std::vector<GpuProcess> processes_on(const nvml::Library& library, nvml::Device device) {
  std::vector<GpuProcess> processes;
  if (library.processes == nullptr) return processes;
  std::vector<nvml::Process> raw(64);
  auto count = static_cast<unsigned>(raw.size());
  auto code = library.processes(device, &count, raw.data());
  if (code == nvml::kInsufficientSize) {
    raw.resize(std::size_t{count} * 2);
    count = static_cast<unsigned>(raw.size());
    code = library.processes(device, &count, raw.data());
  }
  if (code != nvml::kSuccess) return processes;
  for (unsigned i = 0; i < count && i < raw.size(); ++i) {
    GpuProcess process{static_cast<std::int64_t>(raw[i].pid), std::nullopt};
    if (raw[i].used_memory != nvml::kMemoryUnknown) process.memory_bytes = raw[i].used_memory;
    processes.push_back(process);
  }
  return processes;
}

}  // namespace llt::gpus
