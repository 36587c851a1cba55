#pragma once
// The records that the probe writes: 64 bytes each, plain C. All times are nanoseconds on CLOCK_MONOTONIC,
// which the processes of a machine share.

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LLT_PROBE_VERSION 2

/// An unknown position or sequence.
#define LLT_PROBE_NONE (-1)

enum llt_probe_kind {
  LLT_PROBE_CONTEXT = 1,      ///< a context of the engine was made
  LLT_PROBE_CONTEXT_END = 2,  ///< ... and is freed
  LLT_PROBE_STEP = 3,         ///< one call of a step function, followed by its members
  LLT_PROBE_MEMBERS = 4,  ///< up to LLT_PROBE_MEMBERS_EACH sequences of the step before; no group of its own
  LLT_PROBE_SYNC = 5,     ///< the engine has waited for the results of a context's last step
  LLT_PROBE_MEMORY = 6,   ///< the engine changed its cache, or saved or loaded a sequence
  LLT_PROBE_BLOCKS = 7,   ///< what a sequence holds, as hashes; before the step that computed it
};

enum llt_probe_operation {
  LLT_PROBE_DECODE = 0,
  LLT_PROBE_ENCODE = 1,
};

enum llt_probe_memory_op {
  LLT_PROBE_SEQ_RM = 1,
  LLT_PROBE_SEQ_CP = 2,
  LLT_PROBE_SEQ_ADD = 3,
  LLT_PROBE_SEQ_KEEP = 4,
  LLT_PROBE_CLEAR = 5,
  LLT_PROBE_STATE_SAVE = 6,
  LLT_PROBE_STATE_LOAD = 7,
};

/// Begins each group. `order` counts the groups of a process, from 1.
struct llt_probe_head {
  uint8_t kind;
  uint8_t records;   ///< in this group, this one included
  uint16_t context;  ///< which context, counted from 0
  uint32_t reserved;
  uint64_t order;
};

struct llt_probe_context {
  struct llt_probe_head head;
  uint64_t at;
  uint64_t parameters;                                              ///< of its model; 0 unknown
  uint64_t model;                                                   ///< tells models apart within the process
  uint32_t context_tokens, batch_tokens, ubatch_tokens, sequences;  ///< limits; 0 unknown
  uint64_t unused;
};

struct llt_probe_step {
  struct llt_probe_head head;
  uint64_t start, finish;  ///< call and return
  uint32_t tokens;
  uint32_t kv_tokens;  ///< positions that all sequences hold afterwards
  uint32_t outputs;
  int32_t result;
  uint16_t sequences;  ///< members that follow
  uint8_t operation;   ///< llt_probe_operation
  uint8_t flags;       ///< LLT_PROBE_STEP_*
  uint32_t unused[3];
};
#define LLT_PROBE_STEP_PARTIAL \
  1  ///< more sequences than there was room for, or a batch not seen from its begin
#define LLT_PROBE_STEP_NO_OUTPUTS 2  ///< `outputs` is not known
#define LLT_PROBE_STEP_NO_KV 4       ///< `kv_tokens` is not known

struct llt_probe_member {
  int32_t sequence;
  uint32_t tokens;
  uint32_t outputs;
  int32_t first_position, last_position;
};
#define LLT_PROBE_MEMBERS_EACH 3

struct llt_probe_members {
  uint8_t kind;
  uint8_t count;
  uint16_t unused;
  struct llt_probe_member members[LLT_PROBE_MEMBERS_EACH];
};

struct llt_probe_sync {
  struct llt_probe_head head;
  uint64_t step;  ///< `order` of the step
  uint64_t at;
  uint64_t unused[4];
};

struct llt_probe_memory {
  struct llt_probe_head head;
  uint64_t at, took;
  int32_t sequence, to_sequence;  ///< `to_sequence` of SEQ_CP
  int32_t from_position, to_position, delta;
  uint8_t op;
  uint8_t done;  ///< what the engine's function answered
  uint16_t unused;
  uint64_t bytes;  ///< of a state
};

#define LLT_PROBE_BLOCK 32  ///< tokens

/// Hashes of a sequence's blocks from `first` on. Each is over all tokens from the sequence's begin to the
/// end of its block, so that equal hashes mean equal beginnings. What the sequence held from there on is
/// gone; with a `count` of 0 it is not known what it holds.
struct llt_probe_blocks {
  struct llt_probe_head head;
  int16_t sequence;
  uint16_t count;
  uint32_t first;
  uint64_t hash[5];
};
#define LLT_PROBE_BLOCKS_EACH 5

union llt_probe_record {
  struct llt_probe_head head;
  struct llt_probe_context context;
  struct llt_probe_step step;
  struct llt_probe_members members;
  struct llt_probe_sync sync;
  struct llt_probe_memory memory;
  struct llt_probe_blocks blocks;
  uint8_t bytes[64];
};

#ifdef __cplusplus
}
static_assert(sizeof(union llt_probe_record) == 64 && sizeof(struct llt_probe_step) == 64 &&
                  sizeof(struct llt_probe_memory) == 64 && sizeof(struct llt_probe_members) == 64 &&
                  sizeof(struct llt_probe_context) == 64 && sizeof(struct llt_probe_sync) == 64 &&
                  sizeof(struct llt_probe_blocks) == 64,
              "records have one size");
#else
_Static_assert(sizeof(union llt_probe_record) == 64 && sizeof(struct llt_probe_step) == 64 &&
                   sizeof(struct llt_probe_memory) == 64 && sizeof(struct llt_probe_members) == 64 &&
                   sizeof(struct llt_probe_context) == 64 && sizeof(struct llt_probe_sync) == 64 &&
                   sizeof(struct llt_probe_blocks) == 64,
               "records have one size");
#endif
