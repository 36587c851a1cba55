#include "gpus/nvml.h"

#include <dlfcn.h>

namespace llt::gpus::nvml {

const Library& Library::get() {
  static const Library library;
  return library;
}

template <class Function>
bool Library::resolve(Function& function, const char* symbol) {
  function = reinterpret_cast<Function>(::dlsym(library_, symbol));
  return function != nullptr;
}

bool Library::resolve_needed() {
  bool complete = resolve(init, "nvmlInit_v2");
  complete &= resolve(driver_version, "nvmlSystemGetDriverVersion");
  complete &= resolve(count, "nvmlDeviceGetCount_v2");
  complete &= resolve(by_index, "nvmlDeviceGetHandleByIndex_v2");
  complete &= resolve(name, "nvmlDeviceGetName");
  complete &= resolve(uuid, "nvmlDeviceGetUUID");
  complete &= resolve(memory, "nvmlDeviceGetMemoryInfo");
  return complete;
}

void Library::resolve_optional() {
  resolve(memory2, "nvmlDeviceGetMemoryInfo_v2");
  resolve(capability, "nvmlDeviceGetCudaComputeCapability");
  resolve(processes, "nvmlDeviceGetComputeRunningProcesses_v3");
  resolve(utilization, "nvmlDeviceGetUtilizationRates");
  resolve(power, "nvmlDeviceGetPowerUsage");
  resolve(energy, "nvmlDeviceGetTotalEnergyConsumption");
  resolve(temperature, "nvmlDeviceGetTemperature");
  resolve(clock, "nvmlDeviceGetClockInfo");
  resolve(pcie_throughput, "nvmlDeviceGetPcieThroughput");
  resolve(throttle_reasons, "nvmlDeviceGetCurrentClocksThrottleReasons");
  resolve(ecc_errors, "nvmlDeviceGetTotalEccErrors");
  resolve(fields, "nvmlDeviceGetFieldValues");
  resolve(create_events, "nvmlEventSetCreate");
  resolve(register_events, "nvmlDeviceRegisterEvents");
  resolve(wait_event, "nvmlEventSetWait_v2");
  resolve(error_string_, "nvmlErrorString");
}

Library::Library() : library_(::dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)) {
  if (library_ == nullptr) {
    problem_ = "no NVIDIA driver (libnvidia-ml.so.1 is not there)";
    return;
  }
  if (!resolve_needed()) {
    problem_ = "the NVIDIA driver's libnvidia-ml.so.1 is too old";
    return;
  }
  resolve_optional();
  if (const auto code = init(); code != kSuccess) {
    problem_ = "the NVIDIA driver does not work: " + explain(code);
    return;
  }
  usable_ = true;
}

std::string Library::explain(Return code) const {
  return error_string_ != nullptr ? error_string_(code) : "error " + std::to_string(code);
}

}  // namespace llt::gpus::nvml
