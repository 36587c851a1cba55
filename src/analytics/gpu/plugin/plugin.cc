// The plugin's doors. No exception leaves them.

#include <dlfcn.h>

#include <array>
#include <cstring>

#include "analytics/gpu/plugin/algorithms.h"
#include "analytics/gpu/plugin/libraries.h"

using llt::rapids::DeviceGraph;
using llt::rapids::Failure;

struct llt_rapids {
  llt::rapids::Libraries libraries;
  llt::rapids::CugraphApi api;
  std::string version;
  std::unique_ptr<llt::rapids::Device> device;
  std::array<std::unique_ptr<DeviceGraph>, LLT_RAPIDS_PLACES> graphs;
};

namespace {

bool contains(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    if (text.find(part) != std::string::npos) return true;
  }
  return false;
}

int report(int status, const std::string& text, llt_rapids_message* message) {
  std::snprintf(message->text, sizeof message->text, "%s", text.c_str());
  return status;
}

// RMM reports a missing driver as a failed allocation: what the message says goes first.
int report(const Failure& failure, llt_rapids_message* message) {
  const std::string text = failure.what();
  if (contains(text,
               {"InsufficientDriver", "NoDevice", "no CUDA-capable device", "cudaErrorInitializationError"}))
    return report(LLT_RAPIDS_UNAVAILABLE, text, message);
  const bool memory =
      failure.code == CUGRAPH_ALLOC_ERROR || contains(text, {"out_of_memory", "bad_alloc", "out of memory"});
  return report(memory ? LLT_RAPIDS_OUT_OF_MEMORY : LLT_RAPIDS_FAILED, text, message);
}

template <class Work>
int guarded(llt_rapids_message* message, Work&& work) try {
  work();
  return LLT_RAPIDS_OK;
} catch (const Failure& failure) {
  return report(failure, message);
} catch (const std::bad_alloc&) {
  return report(LLT_RAPIDS_FAILED, "the worker has no memory left on the host", message);
} catch (const std::exception& error) {
  return report(LLT_RAPIDS_FAILED, error.what(), message);
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) uint32_t llt_rapids_abi(void) { return LLT_RAPIDS_ABI; }

__attribute__((visibility("default"))) int llt_rapids_open(const char* folders, llt_rapids** out,
                                                           llt_rapids_message* message) {
  auto rapids = std::make_unique<llt_rapids>();
  rapids->libraries = llt::rapids::open_libraries(folders);
  if (!rapids->libraries.problem.empty())
    return report(LLT_RAPIDS_UNAVAILABLE, rapids->libraries.problem, message);
  const std::string missing = rapids->api.resolve(rapids->libraries.cugraph);
  if (!missing.empty()) return report(LLT_RAPIDS_UNAVAILABLE, "libcugraph_c.so lacks " + missing, message);
  rapids->version = "cuGraph " + rapids->libraries.version;
  const int status = guarded(message, [&] {
    rapids->device = std::make_unique<llt::rapids::Device>(rapids->api);
    const llt::rapids::Array probe(*rapids->device, 16, FLOAT32);  // a handle is given out even without a GPU
  });
  if (status == LLT_RAPIDS_OK) *out = rapids.release();
  return status == LLT_RAPIDS_OK ? LLT_RAPIDS_OK : LLT_RAPIDS_UNAVAILABLE;
}

__attribute__((visibility("default"))) const char* llt_rapids_version(const llt_rapids* rapids) {
  return rapids->version.c_str();
}

__attribute__((visibility("default"))) int llt_rapids_memory(llt_rapids* rapids, uint64_t* free_bytes,
                                                             uint64_t* total_bytes) {
  using MemGetInfo = int(std::size_t*, std::size_t*);
  void* library = rapids->libraries.cudart;
  auto* get = library == nullptr ? nullptr : reinterpret_cast<MemGetInfo*>(dlsym(library, "cudaMemGetInfo"));
  std::size_t free = 0, total = 0;
  if (get == nullptr || get(&free, &total) != 0) return LLT_RAPIDS_FAILED;
  *free_bytes = free;
  *total_bytes = total;
  return LLT_RAPIDS_OK;
}

__attribute__((visibility("default"))) int llt_rapids_load(llt_rapids* rapids, uint32_t place,
                                                           const llt_rapids_graph* graph,
                                                           llt_rapids_message* message) {
  if (place >= LLT_RAPIDS_PLACES) return report(LLT_RAPIDS_FAILED, "there is no such place", message);
  rapids->graphs[place].reset();
  if (graph->arcs == 0) return LLT_RAPIDS_OK;
  return guarded(message,
                 [&] { rapids->graphs[place] = std::make_unique<DeviceGraph>(*rapids->device, *graph); });
}

__attribute__((visibility("default"))) int llt_rapids_run(llt_rapids* rapids, uint32_t place,
                                                          const llt_rapids_request* request,
                                                          llt_rapids_answer* answer,
                                                          llt_rapids_message* message) {
  if (place >= LLT_RAPIDS_PLACES || !rapids->graphs[place])
    return report(LLT_RAPIDS_FAILED, "there is no graph in this place", message);
  return guarded(message, [&] { llt::rapids::run(*rapids->graphs[place], *request, *answer); });
}

__attribute__((visibility("default"))) void llt_rapids_close(llt_rapids* rapids) { delete rapids; }

}  // extern "C"
