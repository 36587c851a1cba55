// The cache: what the engine removes, copies, moves, saves and loads; and the life of contexts.

#include <stddef.h>
#include <string.h>

#include "probe/changes.h"
#include "probe/prefixes.h"
#include "probe/probe.h"

void llt_report_change(const struct llt_context* context, const struct llt_change* change, uint64_t start,
                       bool done, uint64_t bytes) {
  union llt_probe_record record;
  memset(&record, 0, sizeof record);
  struct llt_probe_memory* out = &record.memory;
  out->head.kind = LLT_PROBE_MEMORY;
  out->head.context = context->number;
  out->at = start;
  out->took = llt_now() - start;
  out->sequence = change->sequence;
  out->to_sequence = change->to_sequence;
  out->from_position = change->from;
  out->to_position = change->to;
  out->delta = change->delta;
  out->op = change->op;
  out->done = done;
  out->bytes = bytes;
  llt_emit(&record, 1);
}

static struct llt_context* known(const struct llama_memory_i* memory) {
  return llt_ready() ? llt_context_of_memory(memory) : NULL;
}

LLT_EXPORT struct llama_memory_i* llama_get_memory(struct llama_context* context);
LLT_EXPORT struct llama_memory_i* llama_get_memory(struct llama_context* context) {
  typedef struct llama_memory_i* (*get)(const struct llama_context*);
  LLT_REAL(llama_get_memory, get);
  if (llt_ready()) llt_context_of(context);  // so that the first change is known to be its
  return real(context);
}

LLT_EXPORT void llama_free(struct llama_context* context);
LLT_EXPORT void llama_free(struct llama_context* context) {
  typedef void (*release)(struct llama_context*);
  LLT_REAL(llama_free, release);
  if (context != NULL && llt_ready()) llt_context_gone(context);
  real(context);
}

LLT_EXPORT bool llama_memory_seq_rm(struct llama_memory_i* memory, int32_t sequence, int32_t from,
                                    int32_t to);
LLT_EXPORT bool llama_memory_seq_rm(struct llama_memory_i* memory, int32_t sequence, int32_t from,
                                    int32_t to) {
  typedef bool (*remove)(struct llama_memory_i*, int32_t, int32_t, int32_t);
  LLT_REAL(llama_memory_seq_rm, remove);
  struct llt_context* context = known(memory);
  if (context == NULL) return real(memory, sequence, from, to);
  const uint64_t start = llt_now();
  const bool done = real(memory, sequence, from, to);
  llt_context_recount(context, sequence);
  if (done) llt_prefix_remove(context->prefixes, sequence, from, to);
  llt_report_change(context, &(struct llt_change){LLT_PROBE_SEQ_RM, sequence, LLT_PROBE_NONE, from, to, 0},
                    start, done, 0);
  return done;
}

LLT_EXPORT void llama_memory_seq_cp(struct llama_memory_i* memory, int32_t sequence, int32_t to_sequence,
                                    int32_t from, int32_t to);
LLT_EXPORT void llama_memory_seq_cp(struct llama_memory_i* memory, int32_t sequence, int32_t to_sequence,
                                    int32_t from, int32_t to) {
  typedef void (*copy)(struct llama_memory_i*, int32_t, int32_t, int32_t, int32_t);
  LLT_REAL(llama_memory_seq_cp, copy);
  struct llt_context* context = known(memory);
  const uint64_t start = context == NULL ? 0 : llt_now();
  real(memory, sequence, to_sequence, from, to);
  if (context == NULL) return;
  llt_context_recount(context, to_sequence);
  llt_report_change(context, &(struct llt_change){LLT_PROBE_SEQ_CP, sequence, to_sequence, from, to, 0},
                    start, true, 0);
  llt_prefix_copy(context, sequence, to_sequence, from, to);
}

LLT_EXPORT void llama_memory_seq_add(struct llama_memory_i* memory, int32_t sequence, int32_t from,
                                     int32_t to, int32_t delta);
LLT_EXPORT void llama_memory_seq_add(struct llama_memory_i* memory, int32_t sequence, int32_t from,
                                     int32_t to, int32_t delta) {
  typedef void (*shift)(struct llama_memory_i*, int32_t, int32_t, int32_t, int32_t);
  LLT_REAL(llama_memory_seq_add, shift);
  struct llt_context* context = known(memory);
  const uint64_t start = context == NULL ? 0 : llt_now();
  real(memory, sequence, from, to, delta);
  if (context == NULL) return;
  llt_context_recount(context, sequence);
  llt_report_change(context,
                    &(struct llt_change){LLT_PROBE_SEQ_ADD, sequence, LLT_PROBE_NONE, from, to, delta}, start,
                    true, 0);
  llt_prefix_shift(context, sequence, from, to, delta);
}

LLT_EXPORT void llama_memory_seq_keep(struct llama_memory_i* memory, int32_t sequence);
LLT_EXPORT void llama_memory_seq_keep(struct llama_memory_i* memory, int32_t sequence) {
  typedef void (*keep)(struct llama_memory_i*, int32_t);
  LLT_REAL(llama_memory_seq_keep, keep);
  struct llt_context* context = known(memory);
  const uint64_t start = context == NULL ? 0 : llt_now();
  real(memory, sequence);
  if (context == NULL) return;
  llt_context_recount(context, LLT_PROBE_NONE);
  llt_prefix_keep(context->prefixes, sequence);
  llt_report_change(
      context,
      &(struct llt_change){LLT_PROBE_SEQ_KEEP, sequence, LLT_PROBE_NONE, LLT_PROBE_NONE, LLT_PROBE_NONE, 0},
      start, true, 0);
}

LLT_EXPORT void llama_memory_clear(struct llama_memory_i* memory, bool data);
LLT_EXPORT void llama_memory_clear(struct llama_memory_i* memory, bool data) {
  typedef void (*clear)(struct llama_memory_i*, bool);
  LLT_REAL(llama_memory_clear, clear);
  struct llt_context* context = known(memory);
  const uint64_t start = context == NULL ? 0 : llt_now();
  real(memory, data);
  if (context == NULL) return;
  llt_context_recount(context, LLT_PROBE_NONE);
  llt_prefix_keep(context->prefixes, LLT_PROBE_NONE);
  const struct llt_change all = {LLT_PROBE_CLEAR, LLT_PROBE_NONE, LLT_PROBE_NONE,
                                 LLT_PROBE_NONE,  LLT_PROBE_NONE, 0};
  llt_report_change(context, &all, start, true, 0);
}

// ---- states of sequences ----

// A state saved or loaded, from `start` until now; `bytes` as the engine's function answered, 0 for a
// failure.
// With `whole` it was all that the sequence holds, at or from `state`.
static void report_state(struct llama_context* context, uint8_t op, int32_t sequence, uint64_t start,
                         size_t bytes, const void* state, bool whole) {
  struct llt_context* entry = llt_context_of(context);
  if (entry == NULL) return;
  if (op == LLT_PROBE_STATE_LOAD) llt_context_recount(entry, sequence);
  llt_report_change(entry,
                    &(struct llt_change){op, sequence, LLT_PROBE_NONE, LLT_PROBE_NONE, LLT_PROBE_NONE, 0},
                    start, bytes > 0, bytes);
  if (!whole) return;
  if (op == LLT_PROBE_STATE_LOAD) {
    llt_prefix_load(entry, sequence, bytes > 0 ? state : NULL);
  } else if (bytes > 0) {
    llt_prefix_save(entry, sequence, state);
  }
}

LLT_EXPORT size_t llama_state_seq_get_data(struct llama_context* context, uint8_t* to, size_t size,
                                           int32_t sequence);
LLT_EXPORT size_t llama_state_seq_get_data(struct llama_context* context, uint8_t* to, size_t size,
                                           int32_t sequence) {
  typedef size_t (*get)(struct llama_context*, uint8_t*, size_t, int32_t);
  LLT_REAL(llama_state_seq_get_data, get);
  const bool watched = llt_ready();
  const uint64_t start = watched ? llt_now() : 0;
  const size_t bytes = real(context, to, size, sequence);
  if (watched) report_state(context, LLT_PROBE_STATE_SAVE, sequence, start, bytes, to, true);
  return bytes;
}

LLT_EXPORT size_t llama_state_seq_get_data_ext(struct llama_context* context, uint8_t* to, size_t size,
                                               int32_t sequence, uint32_t flags);
LLT_EXPORT size_t llama_state_seq_get_data_ext(struct llama_context* context, uint8_t* to, size_t size,
                                               int32_t sequence, uint32_t flags) {
  typedef size_t (*get)(struct llama_context*, uint8_t*, size_t, int32_t, uint32_t);
  LLT_REAL(llama_state_seq_get_data_ext, get);
  const bool watched = llt_ready();
  const uint64_t start = watched ? llt_now() : 0;
  const size_t bytes = real(context, to, size, sequence, flags);
  if (watched) report_state(context, LLT_PROBE_STATE_SAVE, sequence, start, bytes, to, flags == 0);
  return bytes;
}

LLT_EXPORT size_t llama_state_seq_set_data(struct llama_context* context, const uint8_t* from, size_t size,
                                           int32_t sequence);
LLT_EXPORT size_t llama_state_seq_set_data(struct llama_context* context, const uint8_t* from, size_t size,
                                           int32_t sequence) {
  typedef size_t (*set)(struct llama_context*, const uint8_t*, size_t, int32_t);
  LLT_REAL(llama_state_seq_set_data, set);
  const bool watched = llt_ready();
  const uint64_t start = watched ? llt_now() : 0;
  const size_t bytes = real(context, from, size, sequence);
  if (watched) report_state(context, LLT_PROBE_STATE_LOAD, sequence, start, bytes, from, true);
  return bytes;
}

LLT_EXPORT size_t llama_state_seq_set_data_ext(struct llama_context* context, const uint8_t* from,
                                               size_t size, int32_t sequence, uint32_t flags);
LLT_EXPORT size_t llama_state_seq_set_data_ext(struct llama_context* context, const uint8_t* from,
                                               size_t size, int32_t sequence, uint32_t flags) {
  typedef size_t (*set)(struct llama_context*, const uint8_t*, size_t, int32_t, uint32_t);
  LLT_REAL(llama_state_seq_set_data_ext, set);
  const bool watched = llt_ready();
  const uint64_t start = watched ? llt_now() : 0;
  const size_t bytes = real(context, from, size, sequence, flags);
  if (watched) report_state(context, LLT_PROBE_STATE_LOAD, sequence, start, bytes, from, flags == 0);
  return bytes;
}

LLT_EXPORT size_t llama_state_seq_save_file(struct llama_context* context, const char* path, int32_t sequence,
                                            const int32_t* tokens, size_t count);
LLT_EXPORT size_t llama_state_seq_save_file(struct llama_context* context, const char* path, int32_t sequence,
                                            const int32_t* tokens, size_t count) {
  typedef size_t (*save)(struct llama_context*, const char*, int32_t, const int32_t*, size_t);
  LLT_REAL(llama_state_seq_save_file, save);
  const bool watched = llt_ready();
  const uint64_t start = watched ? llt_now() : 0;
  const size_t bytes = real(context, path, sequence, tokens, count);
  if (watched) report_state(context, LLT_PROBE_STATE_SAVE, sequence, start, bytes, NULL, true);
  return bytes;
}

LLT_EXPORT size_t llama_state_seq_load_file(struct llama_context* context, const char* path, int32_t sequence,
                                            int32_t* tokens, size_t capacity, size_t* count);
LLT_EXPORT size_t llama_state_seq_load_file(struct llama_context* context, const char* path, int32_t sequence,
                                            int32_t* tokens, size_t capacity, size_t* count) {
  typedef size_t (*load)(struct llama_context*, const char*, int32_t, int32_t*, size_t, size_t*);
  LLT_REAL(llama_state_seq_load_file, load);
  const bool watched = llt_ready();
  const uint64_t start = watched ? llt_now() : 0;
  const size_t bytes = real(context, path, sequence, tokens, capacity, count);
  if (watched) report_state(context, LLT_PROBE_STATE_LOAD, sequence, start, bytes, NULL, true);
  return bytes;
}
