#include "analytics/gpu/plugin/memory_limit.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <rmm/mr/cuda_async_memory_resource.hpp>
#include <rmm/mr/cuda_memory_resource.hpp>
#include <rmm/mr/limiting_resource_adaptor.hpp>
#include <rmm/mr/per_device_resource.hpp>
#include <utility>

namespace {

using Resource = cuda::mr::any_resource<cuda::mr::device_accessible>;

struct Memory {
  std::optional<rmm::mr::cuda_async_memory_resource> pool;
  std::optional<rmm::mr::limiting_resource_adaptor> limited;
};
Memory& memory() {
  static Memory one;  // the worker has one GPU
  return one;
}

// CUDA's own pool: freed memory stays in it, so that the next algorithm does not wait for the driver. Where
// there is none (an old driver; virtual GPUs) every allocation is the driver's.
Resource resource(std::uint64_t bytes) try {
  memory().pool.emplace(std::nullopt, bytes == 0 ? std::nullopt : std::optional(bytes));
  return *memory().pool;
} catch (const std::exception&) {
  return rmm::mr::cuda_memory_resource();
}

std::uint64_t held_without_use(cudaMemPool_t pool) {
  std::uint64_t reserved = 0, used = 0;
  if (cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &reserved) != cudaSuccess ||
      cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used) != cudaSuccess)
    return 0;
  return reserved - std::min(reserved, used);
}

}  // namespace

extern "C" {

// The map of resources is one for the process: RMM exports it from every library that knows it.
__attribute__((visibility("default"))) int llt_rmm_limit(std::uint64_t bytes,
                                                         llt_rapids_message* message) try {
  Resource all = resource(bytes);
  if (bytes == 0) {
    rmm::mr::set_current_device_resource(std::move(all));
  } else {
    memory().limited.emplace(std::move(all), bytes);
    rmm::mr::set_current_device_resource(*memory().limited);
  }
  return LLT_RAPIDS_OK;
} catch (const std::exception& error) {
  std::snprintf(message->text, sizeof message->text, "%s", error.what());
  return LLT_RAPIDS_FAILED;
}

__attribute__((visibility("default"))) int llt_rmm_room(std::uint64_t* free_bytes,
                                                        std::uint64_t* total_bytes) {
  std::size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) return LLT_RAPIDS_FAILED;
  *free_bytes = free;
  if (const auto& pool = memory().pool) *free_bytes += held_without_use(pool->pool_handle());
  *total_bytes = total;
  if (const auto& limited = memory().limited) {
    const std::uint64_t limit = limited->get_allocation_limit();
    *free_bytes =
        std::min<std::uint64_t>(*free_bytes, limit - std::min(limit, limited->get_allocated_bytes()));
  }
  return LLT_RAPIDS_OK;
}

}  // extern "C"
