#pragma once
// What the files of the probe share. Everything here is hidden: what the library exports is in probe.map.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/probe_ring.h"

#define LLT_EXPORT __attribute__((visibility("default")))

/// Sequences that a batch or a cache is looked at for; llama.cpp allows as many (LLAMA_MAX_SEQ).
#define LLT_SEQUENCES 256

// ---- llama.cpp's types, as far as they are needed: pointers, and the one struct that is passed by value
// ----

struct llama_context;
struct llama_model;
struct llama_memory_i;
struct llama_batch_ext;

struct llama_batch {
  int32_t n_tokens;
  int32_t* token;
  float* embd;
  int32_t* pos;
  int32_t* n_seq_id;
  int32_t** seq_id;
  int8_t* logits;
};

// ---- the engine's own functions (resolve.c) ----

typedef void (*llt_function)(void);

/// The function that would have been called without us, wherever it is loaded; NULL when there is none.
llt_function llt_find(const char* name);

/// Declares `real` as the engine's `name`, looked up once.
#define LLT_REAL(name, type)                                                  \
  static llt_function name##_found;                                           \
  llt_function name##_now = __atomic_load_n(&name##_found, __ATOMIC_RELAXED); \
  if (__builtin_expect(name##_now == NULL, 0)) {                              \
    name##_now = llt_find(#name);                                             \
    __atomic_store_n(&name##_found, name##_now, __ATOMIC_RELAXED);            \
  }                                                                           \
  const type real = (type)name##_now

// ---- output (output.c) ----

/// Whether records have somewhere to go. Opens the ring when called for the first time.
bool llt_ready(void);
/// Writes a group of records; gives its order, or 0 when it was dropped.
uint64_t llt_emit(union llt_probe_record* group, uint32_t count);
/// One line on stderr, at most a few in the life of a process.
void llt_say(const char* text);
uint64_t llt_now(void);

// ---- the batch's contents (members.c) ----
// What is done for each token is inline: a call costs as much as the rest of it.

/// Tokens of a batch by sequence.
struct llt_members {
  uint32_t tokens, outputs;
  uint16_t count;
  uint8_t flags;                       ///< LLT_PROBE_STEP_*
  uint8_t of_sequence[LLT_SEQUENCES];  ///< place in `list`; valid where list[place].sequence is the sequence
  struct llt_probe_member list[LLT_SEQUENCES];
};

static inline void llt_members_clear(struct llt_members* members) {
  members->tokens = 0;
  members->outputs = 0;
  members->count = 0;
  members->flags = 0;
}

/// Adds a token; gives the member, or NULL when the sequence is none that is kept.
static inline struct llt_probe_member* llt_members_add(struct llt_members* members, int32_t sequence) {
  ++members->tokens;
  if (sequence < 0 || sequence >= LLT_SEQUENCES) {
    members->flags |= LLT_PROBE_STEP_PARTIAL;
    return NULL;
  }
  const uint8_t place = members->of_sequence[sequence];
  if (place < members->count && members->list[place].sequence == sequence) {
    ++members->list[place].tokens;
    return &members->list[place];
  }
  members->of_sequence[sequence] = (uint8_t)members->count;
  struct llt_probe_member* member = &members->list[members->count++];
  *member = (struct llt_probe_member){sequence, 1, 0, LLT_PROBE_NONE, LLT_PROBE_NONE};
  return member;
}

static inline void llt_member_at(struct llt_probe_member* member, int32_t position) {
  if (member->first_position == LLT_PROBE_NONE || position < member->first_position) {
    member->first_position = position;
  }
  if (position > member->last_position) member->last_position = position;
}

void llt_members_of_batch(struct llt_members* members, const struct llama_batch* batch);

// ---- contexts (contexts.c) ----

struct llt_context {
  struct llama_context* context;  ///< NULL: this entry is free
  struct llama_memory_i* memory;
  uint16_t number;
  uint64_t unsynced;              ///< order of the last step, as long as its results were not waited for
  struct llt_prefixes* prefixes;  ///< NULL: not followed
  uint32_t kv_total;
  uint32_t kv[LLT_SEQUENCES];
};

/// The entry of a context, made when it is new; NULL when there are too many.
struct llt_context* llt_context_of(struct llama_context* context);
struct llt_context* llt_context_of_memory(const struct llama_memory_i* memory);
/// Reads again how many positions a sequence holds; all of them for a negative one.
void llt_context_recount(struct llt_context* context, int32_t sequence);
/// The same for all sequences of a step.
void llt_context_recount_members(struct llt_context* context, const struct llt_members* members);
void llt_context_gone(struct llama_context* context);
