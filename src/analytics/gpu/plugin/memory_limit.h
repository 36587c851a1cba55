/* The border between the plugin and libllamatelemetry_rmm.so, which says how much of the GPU RMM may give
   out. It is a library of its own because it can only be opened once librmm.so is: see README.md. */
#ifndef LLAMATELEMETRY_MEMORY_LIMIT_H
#define LLAMATELEMETRY_MEMORY_LIMIT_H

#include <stdint.h>

#include "analytics/gpu/rapids_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From now on everything that RAPIDS allocates in this process comes from a pool on the current GPU, and is
   at most `bytes` (0: what is free). A llt_rapids_status. */
typedef int llt_rmm_limit_fn(uint64_t bytes, llt_rapids_message* message);
/* What can still be allocated, with what the pool holds and does not use. A llt_rapids_status. */
typedef int llt_rmm_room_fn(uint64_t* free_bytes, uint64_t* total_bytes);

#ifdef __cplusplus
}
#endif
#endif
