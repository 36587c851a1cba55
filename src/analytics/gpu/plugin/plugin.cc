// The plugin's doors. No exception leaves them.

#include <dlfcn.h>

#include <array>
#include <cstring>

#include "analytics/gpu/plugin/algorithms.h"
#include "analytics/gpu/plugin/libraries.h"
#include "analytics/gpu/plugin/memory_limit.h"
#include "analytics/gpu/plugin/tables.h"
#include "analytics/gpu/plugin/vectors.h"
#include "analytics/gpu/plugin/waiting.h"
#include "analytics/gpu/plugin/what_failed.h"

using llt::rapids::DeviceGraph;
using llt::rapids::Failure;

struct llt_rapids {
  llt::rapids::Libraries libraries;
  std::string version;
  llt_rmm_room_fn* room = nullptr;  // where RMM's memory is ours to bound
  // Of graphs.
  llt::rapids::CugraphApi api;
  std::unique_ptr<llt::rapids::Device> device;
  std::array<std::unique_ptr<DeviceGraph>, LLT_RAPIDS_PLACES> graphs;
  // Of tables.
  llt_cudf_load_fn* load_table = nullptr;
  llt_cudf_ask_fn* ask_table = nullptr;
  llt_cudf_free_fn* free_table = nullptr;
  llt_table* table = nullptr;
  // Of vectors.
  llt_cuvs_load_fn* load_vectors = nullptr;
  llt_cuvs_nearest_fn* find_nearest = nullptr;
  llt_cuvs_free_fn* free_vectors = nullptr;
  llt_vectors* vectors = nullptr;
};

namespace {

using llt::rapids::report;

// cuGraph says by a code what others say in words.
int report(const Failure& failure, llt_rapids_message* message) {
  const std::string text = failure.what();
  return llt::rapids::report_gpu(failure.code == CUGRAPH_ALLOC_ERROR ? "out of memory: " + text : text,
                                 message);
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

// Without a bound it goes on without our pool; a bound that cannot be kept is said.
int limit_memory(llt_rapids& rapids, std::uint64_t bytes, llt_rapids_message* message) {
  std::string why;
  void* library = llt::rapids::open_beside("libllamatelemetry_rmm.so", why);
  auto* limit =
      library == nullptr ? nullptr : reinterpret_cast<llt_rmm_limit_fn*>(dlsym(library, "llt_rmm_limit"));
  if (limit == nullptr)
    return bytes == 0 ? LLT_RAPIDS_OK
                      : report(LLT_RAPIDS_UNAVAILABLE, "the memory limit cannot be kept: " + why, message);
  rapids.room = reinterpret_cast<llt_rmm_room_fn*>(dlsym(library, "llt_rmm_room"));
  return limit(bytes, message);
}

int open_graphs(llt_rapids& rapids, llt_rapids_message* message) {
  const std::string missing = rapids.api.resolve(rapids.libraries.work);
  if (!missing.empty()) return report(LLT_RAPIDS_UNAVAILABLE, "libcugraph_c.so lacks " + missing, message);
  rapids.version = "cuGraph " + rapids.libraries.version;
  return guarded(message, [&] {
    rapids.device = std::make_unique<llt::rapids::Device>(rapids.api);
    const llt::rapids::Array probe(*rapids.device, 16, FLOAT32);  // a handle is given out even without a GPU
  });
}

// The functions of a library of ours beside this one.
template <class Find>
int open_functions(const char* name, llt_rapids_message* message, Find&& find) {
  std::string why;
  void* library = llt::rapids::open_beside(name, why);
  if (library == nullptr) return report(LLT_RAPIDS_UNAVAILABLE, why, message);
  const auto look_up = [&](auto& function, const char* symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, symbol));
    return function != nullptr;
  };
  if (find(look_up)) return LLT_RAPIDS_OK;
  return report(LLT_RAPIDS_UNAVAILABLE, std::string(name) + " lacks functions that it should have", message);
}

int open_tables(llt_rapids& rapids, llt_rapids_message* message) {
  const int opened = open_functions("libllamatelemetry_cudf.so", message, [&](const auto& find) {
    return find(rapids.load_table, "llt_cudf_load") && find(rapids.ask_table, "llt_cudf_ask") &&
           find(rapids.free_table, "llt_cudf_free");
  });
  if (opened != LLT_RAPIDS_OK) return opened;
  rapids.version = "cuDF " + rapids.libraries.version;
  return rapids.load_table(nullptr, nullptr, nullptr, message);
}

int open_vectors(llt_rapids& rapids, llt_rapids_message* message) {
  const int opened = open_functions("libllamatelemetry_cuvs.so", message, [&](const auto& find) {
    return find(rapids.load_vectors, "llt_cuvs_load") && find(rapids.find_nearest, "llt_cuvs_nearest") &&
           find(rapids.free_vectors, "llt_cuvs_free");
  });
  if (opened != LLT_RAPIDS_OK) return opened;
  rapids.version = "cuVS " + rapids.libraries.version;
  return rapids.load_vectors(nullptr, nullptr, message);
}

int open_work(llt_rapids& rapids, std::uint32_t work, llt_rapids_message* message) {
  switch (work) {
    case LLT_RAPIDS_GRAPHS:
      return open_graphs(rapids, message);
    case LLT_RAPIDS_TABLES:
      return open_tables(rapids, message);
    default:
      return open_vectors(rapids, message);
  }
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) uint32_t llt_rapids_abi(void) { return LLT_RAPIDS_ABI; }

__attribute__((visibility("default"))) int llt_rapids_open(const char* folders, uint32_t work,
                                                           uint64_t memory_bytes, llt_rapids** out,
                                                           llt_rapids_message* message) {
  auto rapids = std::make_unique<llt_rapids>();
  rapids->libraries = llt::rapids::open_libraries(folders, static_cast<llt_rapids_work>(work));
  if (!rapids->libraries.problem.empty())
    return report(LLT_RAPIDS_UNAVAILABLE, rapids->libraries.problem, message);
  llt::rapids::sleep_while_waiting();
  int status = limit_memory(*rapids, memory_bytes, message);
  if (status == LLT_RAPIDS_OK) status = open_work(*rapids, work, message);
  if (status == LLT_RAPIDS_OK) *out = rapids.release();
  return status == LLT_RAPIDS_OK ? LLT_RAPIDS_OK : LLT_RAPIDS_UNAVAILABLE;
}

__attribute__((visibility("default"))) const char* llt_rapids_version(const llt_rapids* rapids) {
  return rapids->version.c_str();
}

__attribute__((visibility("default"))) int llt_rapids_memory(llt_rapids* rapids, uint64_t* free_bytes,
                                                             uint64_t* total_bytes) {
  if (rapids->room != nullptr) return rapids->room(free_bytes, total_bytes);
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

__attribute__((visibility("default"))) int llt_rapids_load_table(llt_rapids* rapids,
                                                                 const ArrowSchema* schema,
                                                                 const ArrowArray* rows,
                                                                 llt_rapids_message* message) {
  if (rapids->load_table == nullptr)
    return report(LLT_RAPIDS_FAILED, "this was not opened for tables", message);
  if (rapids->table != nullptr) rapids->free_table(std::exchange(rapids->table, nullptr));
  return rapids->load_table(schema, rows, &rapids->table, message);
}

__attribute__((visibility("default"))) int llt_rapids_ask(llt_rapids* rapids,
                                                          const llt_rapids_question* question,
                                                          ArrowArray* answer, llt_rapids_message* message) {
  if (rapids->table == nullptr) return report(LLT_RAPIDS_FAILED, "there is no table", message);
  uint64_t free = 0, total = 0;
  if (llt_rapids_memory(rapids, &free, &total) != LLT_RAPIDS_OK) free = 0;
  return rapids->ask_table(rapids->table, question, free, answer, message);
}

__attribute__((visibility("default"))) int llt_rapids_load_vectors(llt_rapids* rapids,
                                                                   const llt_rapids_vectors* vectors,
                                                                   llt_rapids_message* message) {
  if (rapids->load_vectors == nullptr)
    return report(LLT_RAPIDS_FAILED, "this was not opened for vectors", message);
  if (rapids->vectors != nullptr) rapids->free_vectors(std::exchange(rapids->vectors, nullptr));
  return rapids->load_vectors(vectors, &rapids->vectors, message);
}

__attribute__((visibility("default"))) int llt_rapids_nearest(llt_rapids* rapids,
                                                              const llt_rapids_nearest_question* question,
                                                              int64_t* found, float* similarities,
                                                              llt_rapids_message* message) {
  if (rapids->vectors == nullptr) return report(LLT_RAPIDS_FAILED, "there are no vectors", message);
  return rapids->find_nearest(rapids->vectors, question, found, similarities, message);
}

__attribute__((visibility("default"))) void llt_rapids_close(llt_rapids* rapids) {
  if (rapids->vectors != nullptr) rapids->free_vectors(rapids->vectors);
  if (rapids->table != nullptr) rapids->free_table(rapids->table);
  delete rapids;
}

}  // extern "C"
