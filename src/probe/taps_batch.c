// llama_batch_ext_*: a batch and who is in it.

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "probe/probe.h"
#include "probe/shadow.h"

#define BATCHES 64
#define UNKNOWN_SEQUENCE INT16_MAX

struct shadow {
  struct llt_members members;
  uint32_t capacity;
  struct llt_batch_token* token;  // as far as there is room for them
};

// A shadow is touched only by who works on its batch; others compare their batch with these keys alone.
static const struct llama_batch_ext* keys[BATCHES];  // NULL: this place is free
static struct shadow* shadows[BATCHES];
#define RESERVED ((const struct llama_batch_ext*)-1)

static int place_of(const struct llama_batch_ext* batch) {
  for (int i = 0; i < BATCHES; ++i) {
    if (__atomic_load_n(&keys[i], __ATOMIC_ACQUIRE) == batch) return i;
  }
  return -1;
}

static struct shadow* find(const struct llama_batch_ext* batch) {
  const int place = batch == NULL ? -1 : place_of(batch);
  return place < 0 ? NULL : shadows[place];
}

static void release(struct shadow* shadow) {
  if (shadow != NULL) free(shadow->token);
  free(shadow);
}

static void follow(const struct llama_batch_ext* batch, uint32_t capacity) {
  struct shadow* shadow = calloc(1, sizeof *shadow);
  if (shadow == NULL) return;
  shadow->token = calloc(capacity, sizeof *shadow->token);
  shadow->capacity = shadow->token == NULL ? 0 : capacity;
  for (int i = 0; i < BATCHES; ++i) {
    const struct llama_batch_ext* nobody = NULL;
    if (!__atomic_compare_exchange_n(&keys[i], &nobody, RESERVED, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
      continue;
    }
    shadows[i] = shadow;
    __atomic_store_n(&keys[i], batch, __ATOMIC_RELEASE);
    return;
  }
  release(shadow);
}

static void forget(const struct llama_batch_ext* batch) {
  const int place = place_of(batch);
  if (place < 0) return;
  release(shadows[place]);
  shadows[place] = NULL;
  __atomic_store_n(&keys[place], NULL, __ATOMIC_RELEASE);
}

const struct llt_members* llt_shadow_members(const struct llama_batch_ext* batch) {
  static const struct llt_members nothing = {.flags = LLT_PROBE_STEP_PARTIAL | LLT_PROBE_STEP_NO_OUTPUTS};
  const struct shadow* shadow = find(batch);
  return shadow == NULL ? &nothing : &shadow->members;
}

const struct llt_batch_token* llt_shadow_tokens(const struct llama_batch_ext* batch, uint32_t* count) {
  const struct shadow* shadow = find(batch);
  *count = 0;
  if (shadow == NULL) return NULL;
  *count = shadow->members.tokens < shadow->capacity ? shadow->members.tokens : shadow->capacity;
  return shadow->token;
}

static inline __attribute__((always_inline)) void note_token(const struct llama_batch_ext* batch,
                                                             int32_t sequence, int32_t token) {
  struct shadow* shadow = find(batch);
  if (shadow == NULL) return;
  const uint32_t index = shadow->members.tokens;
  const bool kept = llt_members_add(&shadow->members, sequence) != NULL;
  if (index >= shadow->capacity) return;
  shadow->token[index] =
      (struct llt_batch_token){token, LLT_PROBE_NONE, kept ? (int16_t)sequence : UNKNOWN_SEQUENCE};
}

// The member that holds the token at `index`; NULL when it is not known.
static struct llt_probe_member* member_at(struct shadow* shadow, int32_t index) {
  if (index < 0 || (uint32_t)index >= shadow->capacity || (uint32_t)index >= shadow->members.tokens)
    return NULL;
  const int16_t sequence = shadow->token[index].sequence;
  if (sequence == UNKNOWN_SEQUENCE) return NULL;
  return &shadow->members.list[shadow->members.of_sequence[sequence]];
}

static void note_output(const struct llama_batch_ext* batch, int32_t index) {
  struct shadow* shadow = find(batch);
  if (shadow == NULL) return;
  ++shadow->members.outputs;
  struct llt_probe_member* member = member_at(shadow, index);
  if (member == NULL) return;
  ++member->outputs;
}

// ---- the functions ----

LLT_EXPORT struct llama_batch_ext* llama_batch_ext_init(struct llama_context* context);
LLT_EXPORT struct llama_batch_ext* llama_batch_ext_init(struct llama_context* context) {
  typedef struct llama_batch_ext* (*init)(struct llama_context*);
  typedef uint32_t (*limit)(const struct llama_context*);
  LLT_REAL(llama_batch_ext_init, init);
  struct llama_batch_ext* batch = real(context);
  if (batch == NULL || !llt_ready()) return batch;
  const limit batch_tokens = (limit)llt_find("llama_n_batch");
  const uint32_t least = 2048;
  const uint32_t tokens = batch_tokens == NULL || context == NULL ? 0 : batch_tokens(context);
  follow(batch, tokens > least ? tokens : least);
  return batch;
}

LLT_EXPORT void llama_batch_ext_free(struct llama_batch_ext* batch);
LLT_EXPORT void llama_batch_ext_free(struct llama_batch_ext* batch) {
  typedef void (*drop)(struct llama_batch_ext*);
  LLT_REAL(llama_batch_ext_free, drop);
  if (batch != NULL) forget(batch);
  real(batch);
}

LLT_EXPORT void llama_batch_ext_clear(struct llama_batch_ext* batch);
LLT_EXPORT void llama_batch_ext_clear(struct llama_batch_ext* batch) {
  typedef void (*clear)(struct llama_batch_ext*);
  LLT_REAL(llama_batch_ext_clear, clear);
  real(batch);
  struct shadow* shadow = find(batch);
  if (shadow != NULL) llt_members_clear(&shadow->members);
}

LLT_EXPORT int32_t llama_batch_ext_add(struct llama_batch_ext* batch, int32_t sequence);
LLT_EXPORT int32_t llama_batch_ext_add(struct llama_batch_ext* batch, int32_t sequence) {
  typedef int32_t (*add)(struct llama_batch_ext*, int32_t);
  LLT_REAL(llama_batch_ext_add, add);
  const int32_t index = real(batch, sequence);
  if (index >= 0) note_token(batch, sequence, LLT_PROBE_NONE);
  return index;
}

LLT_EXPORT int32_t llama_batch_ext_add_token(struct llama_batch_ext* batch, int32_t sequence, int32_t token);
LLT_EXPORT int32_t llama_batch_ext_add_token(struct llama_batch_ext* batch, int32_t sequence, int32_t token) {
  typedef int32_t (*add)(struct llama_batch_ext*, int32_t, int32_t);
  LLT_REAL(llama_batch_ext_add_token, add);
  const int32_t index = real(batch, sequence, token);
  if (index >= 0) note_token(batch, sequence, token);
  return index;
}

LLT_EXPORT bool llama_batch_ext_set_output_logits(struct llama_batch_ext* batch, int32_t index, bool value);
LLT_EXPORT bool llama_batch_ext_set_output_logits(struct llama_batch_ext* batch, int32_t index, bool value) {
  typedef bool (*set)(struct llama_batch_ext*, int32_t, bool);
  LLT_REAL(llama_batch_ext_set_output_logits, set);
  const bool done = real(batch, index, value);
  if (done && value) note_output(batch, index);
  return done;
}

LLT_EXPORT bool llama_batch_ext_set_output_embd(struct llama_batch_ext* batch, int32_t index, bool value);
LLT_EXPORT bool llama_batch_ext_set_output_embd(struct llama_batch_ext* batch, int32_t index, bool value) {
  typedef bool (*set)(struct llama_batch_ext*, int32_t, bool);
  LLT_REAL(llama_batch_ext_set_output_embd, set);
  const bool done = real(batch, index, value);
  if (done && value) note_output(batch, index);
  return done;
}

LLT_EXPORT bool llama_batch_ext_set_pos(struct llama_batch_ext* batch, int32_t index,
                                        const int32_t* position);
LLT_EXPORT bool llama_batch_ext_set_pos(struct llama_batch_ext* batch, int32_t index,
                                        const int32_t* position) {
  typedef bool (*set)(struct llama_batch_ext*, int32_t, const int32_t*);
  LLT_REAL(llama_batch_ext_set_pos, set);
  const bool done = real(batch, index, position);
  struct shadow* shadow = done && position != NULL ? find(batch) : NULL;
  struct llt_probe_member* member = shadow == NULL ? NULL : member_at(shadow, index);
  if (member == NULL) return done;
  llt_member_at(member, position[0]);
  shadow->token[index].position = position[0];
  return done;
}

// Its third argument is a struct by value, which stays where it is: the token is noted, then the call jumps
// on.
#if defined(__x86_64__)
__attribute__((visibility("hidden"))) llt_function llt_add_embd_entry;

__attribute__((visibility("hidden"), used)) void llt_note_embd(struct llama_batch_ext* batch,
                                                               int32_t sequence) {
  if (__atomic_load_n(&llt_add_embd_entry, __ATOMIC_ACQUIRE) == NULL) {
    __atomic_store_n(&llt_add_embd_entry, llt_find("llama_batch_ext_add_embd"), __ATOMIC_RELEASE);
  }
  note_token(batch, sequence, LLT_PROBE_NONE);
}

__asm__(
    ".text\n.globl llama_batch_ext_add_embd\n.type llama_batch_ext_add_embd,@function\n"
    "llama_batch_ext_add_embd:\n"
    "  endbr64\n"
    "  push %rdi\n"
    "  push %rsi\n"
    "  sub $8, %rsp\n"
    "  call llt_note_embd\n"
    "  add $8, %rsp\n"
    "  pop %rsi\n"
    "  pop %rdi\n"
    "  jmp *llt_add_embd_entry(%rip)\n"
    ".size llama_batch_ext_add_embd, .-llama_batch_ext_add_embd\n");
#endif
