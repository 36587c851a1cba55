#pragma once
// The ring between an engine process and the gateway: layout, writing and reading. See README.md.
//
// Atomics are the compiler's builtins, which C and C++ have alike.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/probe_records.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LLT_RING_MAGIC 0x31474e4952544c4cu  // "LLTRING1"
#define LLT_RING_LANES 4u
#define LLT_RING_LANE_RECORDS 32768u  // a power of two
#define LLT_RING_LARGEST_GROUP 128u   // records

/// How the engine's functions were found: bits of llt_ring_header.functions.
enum {
  LLT_PROBE_HAS_PROCESS = 1,  ///< llama_process with llama_batch_ext_*
  LLT_PROBE_HAS_DECODE = 2,   ///< llama_decode with llama_batch
  LLT_PROBE_HAS_MEMORY = 4,
};

/// Lines of the cache are not shared between writer and reader.
struct llt_ring_lane {
  uint64_t head;  ///< records ever written; the writer's
  uint32_t busy;  ///< a writer is in it
  uint32_t unused;
  uint64_t padding[6];
  uint64_t tail;  ///< records ever taken; the reader's
  uint64_t reader_padding[7];
};

struct llt_ring_header {
  uint64_t magic;
  uint32_t version, header_bytes;
  uint32_t lanes, lane_records;
  int32_t pid;
  uint32_t functions;
  uint64_t pid_start_ticks;  ///< field 22 of /proc/PID/stat: a pid alone may be used again
  uint64_t id;               ///< tells the runs of engines apart
  uint64_t read_drops;       ///< of dropped_groups: already counted by a reader
  uint64_t padding[1];
  uint64_t order;           ///< of the last group
  uint64_t dropped_groups;  ///< for which there was no room
  uint64_t order_padding[6];
  struct llt_ring_lane lane[LLT_RING_LANES];
};

#define LLT_RING_HEADER_BYTES 4096u
#define LLT_RING_BYTES \
  (LLT_RING_HEADER_BYTES + (size_t)LLT_RING_LANES * LLT_RING_LANE_RECORDS * sizeof(union llt_probe_record))

/// Whether `bytes` of memory at `header` are a ring that this code can read.
static inline int llt_ring_fits(const struct llt_ring_header* header, size_t bytes) {
  return bytes >= LLT_RING_BYTES && header->magic == LLT_RING_MAGIC && header->version == LLT_PROBE_VERSION &&
         header->header_bytes == LLT_RING_HEADER_BYTES && header->lanes == LLT_RING_LANES &&
         header->lane_records == LLT_RING_LANE_RECORDS;
}

static inline union llt_probe_record* llt_ring_record(struct llt_ring_header* header, uint32_t lane,
                                                      uint64_t index) {
  unsigned char* records = (unsigned char*)header + LLT_RING_HEADER_BYTES;
  const size_t at = (size_t)lane * LLT_RING_LANE_RECORDS + (size_t)(index % LLT_RING_LANE_RECORDS);
  return (union llt_probe_record*)(void*)(records + at * sizeof(union llt_probe_record));
}

/// Writes a group; gives its order, or 0 when it was dropped: no lane is free and has room. Any thread;
/// `hint` is the lane to try first.
static inline uint64_t llt_ring_write(struct llt_ring_header* header, uint32_t hint,
                                      union llt_probe_record* group, uint32_t count) {
  for (uint32_t tried = 0; tried < LLT_RING_LANES; ++tried) {
    const uint32_t number = (hint + tried) % LLT_RING_LANES;
    struct llt_ring_lane* lane = &header->lane[number];
    if (__atomic_exchange_n(&lane->busy, 1u, __ATOMIC_ACQUIRE) != 0) continue;
    const uint64_t head = __atomic_load_n(&lane->head, __ATOMIC_RELAXED);
    const uint64_t tail = __atomic_load_n(&lane->tail, __ATOMIC_ACQUIRE);
    uint64_t order = 0;
    if (head - tail + count <= LLT_RING_LANE_RECORDS) {
      order = __atomic_add_fetch(&header->order, 1, __ATOMIC_RELAXED);
      group[0].head.order = order;
      for (uint32_t i = 0; i < count; ++i) *llt_ring_record(header, number, head + i) = group[i];
      __atomic_store_n(&lane->head, head + count, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&lane->busy, 0u, __ATOMIC_RELEASE);
    if (order != 0) return order;
  }
  __atomic_fetch_add(&header->dropped_groups, 1, __ATOMIC_RELAXED);
  return 0;
}

/// Copies the next group of a lane into `group` (LLT_RING_LARGEST_GROUP records) and gives the number of its
/// records; 0 when there is none. A damaged lane is emptied and gives UINT32_MAX. One reader.
static inline uint32_t llt_ring_peek(struct llt_ring_header* header, uint32_t number,
                                     union llt_probe_record* group) {
  struct llt_ring_lane* lane = &header->lane[number];
  const uint64_t tail = __atomic_load_n(&lane->tail, __ATOMIC_RELAXED);
  const uint64_t head = __atomic_load_n(&lane->head, __ATOMIC_ACQUIRE);
  if (head == tail) return 0;
  const uint64_t waiting = head - tail;
  group[0] = *llt_ring_record(header, number, tail);
  const uint32_t count = group[0].head.records;
  if (waiting > LLT_RING_LANE_RECORDS || count == 0 || count > waiting || count > LLT_RING_LARGEST_GROUP) {
    __atomic_store_n(&lane->tail, head, __ATOMIC_RELEASE);
    return UINT32_MAX;
  }
  for (uint32_t i = 1; i < count; ++i) group[i] = *llt_ring_record(header, number, tail + i);
  return count;
}

/// The group of `count` records that was peeked at is done with.
static inline void llt_ring_take(struct llt_ring_header* header, uint32_t number, uint32_t count) {
  __atomic_fetch_add(&header->lane[number].tail, count, __ATOMIC_RELEASE);
}

/// Groups that were dropped since the process began.
static inline uint64_t llt_ring_dropped(const struct llt_ring_header* header) {
  return __atomic_load_n(&header->dropped_groups, __ATOMIC_RELAXED);
}

#ifdef __cplusplus
}
static_assert(sizeof(struct llt_ring_header) <= LLT_RING_HEADER_BYTES, "the header fits its page");
#else
_Static_assert(sizeof(struct llt_ring_header) <= LLT_RING_HEADER_BYTES, "the header fits its page");
#endif
