#pragma once
// A change of the cache on its way into the ring.

#include <stdbool.h>
#include <stdint.h>

struct llt_context;

struct llt_change {
  uint8_t op;  ///< llt_probe_memory_op
  int32_t sequence, to_sequence, from, to, delta;
};

/// Writes what the engine did from `start` until now; `bytes` is that of a state.
void llt_report_change(const struct llt_context* context, const struct llt_change* change, uint64_t start,
                       bool done, uint64_t bytes);
