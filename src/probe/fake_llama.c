#include "probe/fake_llama.h"

#include <stdlib.h>
#include <string.h>

#define SEQUENCES 256
#define TOKENS 8192

struct llama_memory_i {
  int32_t end[SEQUENCES];  // positions 0 to end - 1 are held
};

struct llama_context {
  struct llama_memory_i memory;
  int32_t result;
  int64_t checksum;
};

struct llama_batch_ext {
  int32_t tokens;
  int32_t sequence[TOKENS], token[TOKENS], position[TOKENS];
  bool output[TOKENS];
};

struct llama_context* fake_context(void) { return calloc(1, sizeof(struct llama_context)); }
void fake_result(struct llama_context* context, int32_t result) { context->result = result; }
int64_t fake_checksum(const struct llama_context* context) { return context->checksum; }

void llama_free(struct llama_context* context) { free(context); }
struct llama_memory_i* llama_get_memory(struct llama_context* context) { return &context->memory; }
uint32_t llama_n_batch(const struct llama_context* context) { return context == NULL ? 0 : 512; }
uint32_t llama_n_ctx(const struct llama_context* context) { return context == NULL ? 0 : TOKENS; }

struct llama_batch llama_batch_init(int32_t tokens, int32_t embd, int32_t sequences) {
  (void)embd;
  const size_t count = (size_t)tokens;
  struct llama_batch batch;
  memset(&batch, 0, sizeof batch);
  batch.token = calloc(count, sizeof *batch.token);
  batch.pos = calloc(count, sizeof *batch.pos);
  batch.n_seq_id = calloc(count, sizeof *batch.n_seq_id);
  batch.seq_id = calloc(count + 1, sizeof *batch.seq_id);
  for (size_t i = 0; i < count; ++i) batch.seq_id[i] = calloc((size_t)sequences, sizeof **batch.seq_id);
  batch.logits = calloc(count, sizeof *batch.logits);
#ifdef FAKE_ODD_BATCH
  batch.added_later = 77;
#endif
  return batch;
}

void llama_batch_free(struct llama_batch batch) {
  for (int32_t** sequences = batch.seq_id; *sequences != NULL; ++sequences) free(*sequences);
  free(batch.token);
  free(batch.pos);
  free(batch.n_seq_id);
  free(batch.seq_id);
  free(batch.logits);
}

static void take(struct llama_context* context, int32_t sequence, int32_t position) {
  if (context->result == 0 && position >= context->memory.end[sequence])
    context->memory.end[sequence] = position + 1;
}

static int32_t compute(struct llama_context* context, const struct llama_batch* batch) {
  context->checksum = batch->n_tokens;
#ifdef FAKE_ODD_BATCH
  context->checksum += batch->added_later;
#endif
  for (int32_t i = 0; i < batch->n_tokens; ++i) {
    context->checksum += batch->token[i] + batch->pos[i] + batch->seq_id[i][0] + batch->logits[i];
    take(context, batch->seq_id[i][0], batch->pos[i]);
  }
  return context->result;
}

int32_t llama_decode(struct llama_context* context, struct llama_batch batch) {
  return compute(context, &batch);
}
int32_t llama_encode(struct llama_context* context, struct llama_batch batch) {
  return compute(context, &batch);
}

int32_t llama_process(struct llama_context* context, int type, struct llama_batch_ext* batch) {
  context->checksum = batch->tokens + type;
  for (int32_t i = 0; i < batch->tokens; ++i) {
    context->checksum += batch->token[i] + batch->position[i] + batch->sequence[i] + batch->output[i];
    take(context, batch->sequence[i], batch->position[i]);
  }
  return context->result;
}

struct llama_batch_ext* llama_batch_ext_init(struct llama_context* context) {
  (void)context;
  return calloc(1, sizeof(struct llama_batch_ext));
}
void llama_batch_ext_free(struct llama_batch_ext* batch) { free(batch); }
void llama_batch_ext_clear(struct llama_batch_ext* batch) { batch->tokens = 0; }

int32_t llama_batch_ext_add_token(struct llama_batch_ext* batch, int32_t sequence, int32_t token) {
  if (batch->tokens == TOKENS || sequence < 0) return sequence < 0 ? -3 : -1;
  batch->sequence[batch->tokens] = sequence;
  batch->token[batch->tokens] = token;
  batch->output[batch->tokens] = false;
  return batch->tokens++;
}

int32_t llama_batch_ext_add_embd(struct llama_batch_ext* batch, int32_t sequence, struct llama_embd embd) {
  return llama_batch_ext_add_token(batch, sequence, (int32_t)(embd.n_rows * 1000 + embd.n_embd));
}

bool llama_batch_ext_set_output_logits(struct llama_batch_ext* batch, int32_t index, bool value) {
  if (index < 0 || index >= batch->tokens) return false;
  batch->output[index] = value;
  return true;
}

bool llama_batch_ext_set_pos(struct llama_batch_ext* batch, int32_t index, const int32_t* position) {
  if (index < 0 || index >= batch->tokens) return false;
  batch->position[index] = *position;
  return true;
}

void llama_synchronize(struct llama_context* context) { (void)context; }
float* llama_get_logits_ith(struct llama_context* context, int32_t index) {
  (void)context;
  (void)index;
  return NULL;
}

bool llama_memory_seq_rm(struct llama_memory_i* memory, int32_t sequence, int32_t from, int32_t to) {
  (void)to;
  const int32_t first = from < 0 ? 0 : from;
  if (first < memory->end[sequence]) memory->end[sequence] = first;
  return true;
}

void llama_memory_seq_cp(struct llama_memory_i* memory, int32_t sequence, int32_t to_sequence, int32_t from,
                         int32_t to) {
  (void)from;
  (void)to;
  memory->end[to_sequence] = memory->end[sequence];
}

void llama_memory_seq_add(struct llama_memory_i* memory, int32_t sequence, int32_t from, int32_t to,
                          int32_t delta) {
  (void)from;
  (void)to;
  memory->end[sequence] += delta;
}

int32_t llama_memory_seq_pos_min(struct llama_memory_i* memory, int32_t sequence) {
  return memory->end[sequence] == 0 ? -1 : 0;
}
int32_t llama_memory_seq_pos_max(struct llama_memory_i* memory, int32_t sequence) {
  return memory->end[sequence] - 1;
}

size_t llama_state_seq_get_data_ext(struct llama_context* context, uint8_t* to, size_t size, int32_t sequence,
                                    uint32_t flags) {
  (void)context;
  (void)to;
  (void)sequence;
  (void)flags;
  return size;
}

size_t llama_state_seq_set_data_ext(struct llama_context* context, const uint8_t* from, size_t size,
                                    int32_t sequence, uint32_t flags) {
  (void)context;
  (void)from;
  (void)sequence;
  (void)flags;
  return size;
}

bool llama_kv_self_seq_rm(struct llama_context* context, int32_t sequence, int32_t from, int32_t to) {
  return llama_memory_seq_rm(&context->memory, sequence, from, to);
}
void llama_kv_cache_clear(struct llama_context* context) {
  memset(&context->memory, 0, sizeof context->memory);
}
