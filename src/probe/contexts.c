// The engine's contexts: usually the target model's, and the draft model's when it speculates.

#include <stddef.h>
#include <string.h>

#include "probe/prefixes.h"
#include "probe/probe.h"

#define CONTEXTS 32

static struct llt_context contexts[CONTEXTS];
static uint16_t contexts_seen;

typedef uint32_t (*count_of)(const struct llama_context*);

static uint32_t ask(const char* name, const struct llama_context* context) {
  const count_of real = (count_of)llt_find(name);
  return real == NULL ? 0 : real(context);
}

static uint64_t describe(const struct llt_context* entry, struct llama_context* context) {
  union llt_probe_record record;
  memset(&record, 0, sizeof record);
  struct llt_probe_context* out = &record.context;
  out->head.kind = LLT_PROBE_CONTEXT;
  out->head.context = entry->number;
  out->at = llt_now();
  out->context_tokens = ask("llama_n_ctx", context);
  out->batch_tokens = ask("llama_n_batch", context);
  out->ubatch_tokens = ask("llama_n_ubatch", context);
  out->sequences = ask("llama_n_seq_max", context);
  typedef const struct llama_model* (*model_of)(const struct llama_context*);
  typedef uint64_t (*parameters_of)(const struct llama_model*);
  const model_of get_model = (model_of)llt_find("llama_get_model");
  const parameters_of parameters = (parameters_of)llt_find("llama_model_n_params");
  if (get_model != NULL) {
    const struct llama_model* model = get_model(context);
    out->model = (uint64_t)(uintptr_t)model;
    if (model != NULL && parameters != NULL) out->parameters = parameters(model);
  }
  llt_emit(&record, 1);
  return out->parameters;
}

// Prompts are followed in the target model's context, which is made before the draft model's.
static bool is_alone(const struct llt_context* entry) {
  for (int i = 0; i < CONTEXTS; ++i) {
    if (&contexts[i] != entry && __atomic_load_n(&contexts[i].context, __ATOMIC_ACQUIRE) != NULL)
      return false;
  }
  return true;
}

static struct llt_prefixes* follow_prefixes(struct llama_context* context, uint64_t parameters) {
  const uint32_t all = ask("llama_n_ctx", context), each = ask("llama_n_ctx_seq", context);
  return llt_prefixes_make(ask("llama_n_seq_max", context), each == 0 ? all : each, parameters);
}

static struct llama_memory_i* memory_of(struct llama_context* context) {
  typedef struct llama_memory_i* (*get_memory)(const struct llama_context*);
  const get_memory real = (get_memory)llt_find("llama_get_memory");
  return real == NULL ? NULL : real(context);
}

struct llt_context* llt_context_of(struct llama_context* context) {
  if (context == NULL) return NULL;
  for (int i = 0; i < CONTEXTS; ++i) {
    if (__atomic_load_n(&contexts[i].context, __ATOMIC_ACQUIRE) == context) return &contexts[i];
  }
  for (int i = 0; i < CONTEXTS; ++i) {
    struct llama_context* nobody = NULL;
    if (!__atomic_compare_exchange_n(&contexts[i].context, &nobody, context, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
      continue;
    }
    struct llt_context* entry = &contexts[i];
    entry->number = __atomic_fetch_add(&contexts_seen, 1, __ATOMIC_RELAXED);
    entry->unsynced = 0;
    entry->kv_total = 0;
    memset(entry->kv, 0, sizeof entry->kv);
    __atomic_store_n(&entry->memory, memory_of(context), __ATOMIC_RELEASE);
    const uint64_t parameters = describe(entry, context);
    entry->prefixes = is_alone(entry) ? follow_prefixes(context, parameters) : NULL;
    return entry;
  }
  return NULL;
}

struct llt_context* llt_context_of_memory(const struct llama_memory_i* memory) {
  if (memory == NULL) return NULL;
  for (int i = 0; i < CONTEXTS; ++i) {
    if (__atomic_load_n(&contexts[i].context, __ATOMIC_ACQUIRE) != NULL &&
        __atomic_load_n(&contexts[i].memory, __ATOMIC_ACQUIRE) == memory) {
      return &contexts[i];
    }
  }
  return NULL;
}

typedef int32_t (*position_of)(struct llama_memory_i*, int32_t);

struct positions {
  position_of last, first;  // NULL: a release without them
};

static struct positions positions(void) {
  struct positions of;
  {
    LLT_REAL(llama_memory_seq_pos_max, position_of);
    of.last = real;
  }
  {
    LLT_REAL(llama_memory_seq_pos_min, position_of);
    of.first = real;
  }
  return of;
}

static void recount(struct llt_context* context, int32_t sequence, struct positions of) {
  if (sequence >= LLT_SEQUENCES) return;
  const int32_t end = of.last(context->memory, sequence);
  const uint32_t held = end < 0 ? 0 : (uint32_t)(end - of.first(context->memory, sequence) + 1);
  context->kv_total += held - context->kv[sequence];
  context->kv[sequence] = held;
}

static bool can_recount(const struct llt_context* context, struct positions of) {
  return context->memory != NULL && of.last != NULL && of.first != NULL;
}

void llt_context_recount(struct llt_context* context, int32_t sequence) {
  const struct positions of = positions();
  if (!can_recount(context, of)) return;
  if (sequence >= 0) {
    recount(context, sequence, of);
    return;
  }
  for (int32_t i = 0; i < LLT_SEQUENCES; ++i) {
    if (context->kv[i] != 0) recount(context, i, of);
  }
}

void llt_context_recount_members(struct llt_context* context, const struct llt_members* members) {
  const struct positions of = positions();
  if (!can_recount(context, of)) return;
  for (uint32_t i = 0; i < members->count; ++i) recount(context, members->list[i].sequence, of);
}

void llt_context_gone(struct llama_context* context) {
  for (int i = 0; i < CONTEXTS; ++i) {
    if (__atomic_load_n(&contexts[i].context, __ATOMIC_ACQUIRE) != context) continue;
    union llt_probe_record record;
    memset(&record, 0, sizeof record);
    record.head.kind = LLT_PROBE_CONTEXT_END;
    record.head.context = contexts[i].number;
    record.context.at = llt_now();
    llt_emit(&record, 1);
    llt_prefixes_free(contexts[i].prefixes);
    contexts[i].prefixes = NULL;
    __atomic_store_n(&contexts[i].memory, NULL, __ATOMIC_RELEASE);
    __atomic_store_n(&contexts[i].context, NULL, __ATOMIC_RELEASE);
  }
}
