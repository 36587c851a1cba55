// The moment in which a step's results are there: the first call after it that waits for them.

#include <stddef.h>
#include <string.h>

#include "probe/probe.h"

static void results_are_there(struct llama_context* context) {
  if (!llt_ready()) return;
  struct llt_context* entry = llt_context_of(context);
  if (entry == NULL || entry->unsynced == 0) return;
  union llt_probe_record record;
  memset(&record, 0, sizeof record);
  record.sync.head.kind = LLT_PROBE_SYNC;
  record.sync.head.context = entry->number;
  record.sync.step = entry->unsynced;
  record.sync.at = llt_now();
  entry->unsynced = 0;
  llt_emit(&record, 1);
}

LLT_EXPORT void llama_synchronize(struct llama_context* context);
LLT_EXPORT void llama_synchronize(struct llama_context* context) {
  typedef void (*synchronize)(struct llama_context*);
  LLT_REAL(llama_synchronize, synchronize);
  real(context);
  results_are_there(context);
}

LLT_EXPORT float* llama_get_logits(struct llama_context* context);
LLT_EXPORT float* llama_get_logits(struct llama_context* context) {
  typedef float* (*get)(struct llama_context*);
  LLT_REAL(llama_get_logits, get);
  float* logits = real(context);
  results_are_there(context);
  return logits;
}

LLT_EXPORT float* llama_get_logits_ith(struct llama_context* context, int32_t index);
LLT_EXPORT float* llama_get_logits_ith(struct llama_context* context, int32_t index) {
  typedef float* (*get)(struct llama_context*, int32_t);
  LLT_REAL(llama_get_logits_ith, get);
  float* logits = real(context, index);
  results_are_there(context);
  return logits;
}

LLT_EXPORT float* llama_get_embeddings(struct llama_context* context);
LLT_EXPORT float* llama_get_embeddings(struct llama_context* context) {
  typedef float* (*get)(struct llama_context*);
  LLT_REAL(llama_get_embeddings, get);
  float* embeddings = real(context);
  results_are_there(context);
  return embeddings;
}

LLT_EXPORT float* llama_get_embeddings_ith(struct llama_context* context, int32_t index);
LLT_EXPORT float* llama_get_embeddings_ith(struct llama_context* context, int32_t index) {
  typedef float* (*get)(struct llama_context*, int32_t);
  LLT_REAL(llama_get_embeddings_ith, get);
  float* embeddings = real(context, index);
  results_are_there(context);
  return embeddings;
}

LLT_EXPORT float* llama_get_embeddings_seq(struct llama_context* context, int32_t sequence);
LLT_EXPORT float* llama_get_embeddings_seq(struct llama_context* context, int32_t sequence) {
  typedef float* (*get)(struct llama_context*, int32_t);
  LLT_REAL(llama_get_embeddings_seq, get);
  float* embeddings = real(context, sequence);
  results_are_there(context);
  return embeddings;
}
