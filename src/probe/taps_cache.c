// The cache as libllama showed it until June 2025: functions of a context, named llama_kv_self_* and, until
// March 2025, llama_kv_cache_*.

#include <stddef.h>

#include "probe/changes.h"
#include "probe/prefixes.h"
#include "probe/probe.h"

static struct llt_context* known(struct llama_context* context) {
  return llt_ready() ? llt_context_of(context) : NULL;
}

static void removed(struct llt_context* context, int32_t sequence, int32_t from, int32_t to, uint64_t start,
                    bool done) {
  if (context == NULL) return;
  if (done) llt_prefix_remove(context->prefixes, sequence, from, to);
  llt_report_change(context, &(struct llt_change){LLT_PROBE_SEQ_RM, sequence, LLT_PROBE_NONE, from, to, 0},
                    start, done, 0);
}

static void copied(struct llt_context* context, int32_t sequence, int32_t to_sequence, int32_t from,
                   int32_t to, uint64_t start) {
  if (context == NULL) return;
  llt_report_change(context, &(struct llt_change){LLT_PROBE_SEQ_CP, sequence, to_sequence, from, to, 0},
                    start, true, 0);
  llt_prefix_copy(context, sequence, to_sequence, from, to);
}

static void shifted(struct llt_context* context, int32_t sequence, int32_t from, int32_t to, int32_t delta,
                    uint64_t start) {
  if (context == NULL) return;
  llt_report_change(context,
                    &(struct llt_change){LLT_PROBE_SEQ_ADD, sequence, LLT_PROBE_NONE, from, to, delta}, start,
                    true, 0);
  llt_prefix_shift(context, sequence, from, to, delta);
}

// All sequences but `sequence` are emptied; with a negative one, all.
static void kept(struct llt_context* context, int32_t sequence, uint64_t start) {
  if (context == NULL) return;
  llt_prefix_keep(context->prefixes, sequence);
  const uint8_t op = sequence < 0 ? LLT_PROBE_CLEAR : LLT_PROBE_SEQ_KEEP;
  const struct llt_change change = {op, sequence, LLT_PROBE_NONE, LLT_PROBE_NONE, LLT_PROBE_NONE, 0};
  llt_report_change(context, &change, start, true, 0);
}

#define LLT_CACHE_TAPS(name)                                                                                 \
  LLT_EXPORT bool name##_seq_rm(struct llama_context*, int32_t, int32_t, int32_t);                           \
  LLT_EXPORT bool name##_seq_rm(struct llama_context* context, int32_t sequence, int32_t from, int32_t to) { \
    typedef bool (*remove)(struct llama_context*, int32_t, int32_t, int32_t);                                \
    LLT_REAL(name##_seq_rm, remove);                                                                         \
    const uint64_t start = llt_now();                                                                        \
    const bool done = real(context, sequence, from, to);                                                     \
    removed(known(context), sequence, from, to, start, done);                                                \
    return done;                                                                                             \
  }                                                                                                          \
  LLT_EXPORT void name##_seq_cp(struct llama_context*, int32_t, int32_t, int32_t, int32_t);                  \
  LLT_EXPORT void name##_seq_cp(struct llama_context* context, int32_t sequence, int32_t to_sequence,        \
                                int32_t from, int32_t to) {                                                  \
    typedef void (*copy)(struct llama_context*, int32_t, int32_t, int32_t, int32_t);                         \
    LLT_REAL(name##_seq_cp, copy);                                                                           \
    const uint64_t start = llt_now();                                                                        \
    real(context, sequence, to_sequence, from, to);                                                          \
    copied(known(context), sequence, to_sequence, from, to, start);                                          \
  }                                                                                                          \
  LLT_EXPORT void name##_seq_add(struct llama_context*, int32_t, int32_t, int32_t, int32_t);                 \
  LLT_EXPORT void name##_seq_add(struct llama_context* context, int32_t sequence, int32_t from, int32_t to,  \
                                 int32_t delta) {                                                            \
    typedef void (*shift)(struct llama_context*, int32_t, int32_t, int32_t, int32_t);                        \
    LLT_REAL(name##_seq_add, shift);                                                                         \
    const uint64_t start = llt_now();                                                                        \
    real(context, sequence, from, to, delta);                                                                \
    shifted(known(context), sequence, from, to, delta, start);                                               \
  }                                                                                                          \
  LLT_EXPORT void name##_seq_keep(struct llama_context*, int32_t);                                           \
  LLT_EXPORT void name##_seq_keep(struct llama_context* context, int32_t sequence) {                         \
    typedef void (*keep)(struct llama_context*, int32_t);                                                    \
    LLT_REAL(name##_seq_keep, keep);                                                                         \
    const uint64_t start = llt_now();                                                                        \
    real(context, sequence);                                                                                 \
    kept(known(context), sequence, start);                                                                   \
  }                                                                                                          \
  LLT_EXPORT void name##_clear(struct llama_context*);                                                       \
  LLT_EXPORT void name##_clear(struct llama_context* context) {                                              \
    typedef void (*clear)(struct llama_context*);                                                            \
    LLT_REAL(name##_clear, clear);                                                                           \
    const uint64_t start = llt_now();                                                                        \
    real(context);                                                                                           \
    kept(known(context), LLT_PROBE_NONE, start);                                                             \
  }

LLT_CACHE_TAPS(llama_kv_self)
LLT_CACHE_TAPS(llama_kv_cache)
