#include "analytics/gpu/plugin/waiting.h"

#include <dlfcn.h>

namespace llt::rapids {
namespace {

constexpr unsigned kBlockingSync = 4;  // CU_CTX_SCHED_BLOCKING_SYNC of cuda.h

template <class Function>
Function* function(void* library, const char* name) noexcept {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

}  // namespace

// By the driver and not the runtime: each library may have a runtime of its own, the device's context is one.
void sleep_while_waiting() noexcept {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return;
  auto* init = function<int(unsigned)>(driver, "cuInit");
  auto* get = function<int(int*, int)>(driver, "cuDeviceGet");
  auto* set_flags = function<int(int, unsigned)>(driver, "cuDevicePrimaryCtxSetFlags_v2");
  int device = 0;
  if (init == nullptr || get == nullptr || set_flags == nullptr) return;
  if (init(0) == 0 && get(&device, 0) == 0) static_cast<void>(set_flags(device, kBlockingSync));
}

}  // namespace llt::rapids
