#pragma once
// A stand-in for libllama, for the probe's own tests: remembers positions, computes nothing.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct llama_context;
struct llama_memory_i;
struct llama_batch_ext;
struct llama_embd {
  const float* data;
  size_t n_rows, n_embd;
};

struct llama_batch {
  int32_t n_tokens;
  int32_t* token;
  float* embd;
  int32_t* pos;
  int32_t* n_seq_id;
  int32_t** seq_id;
  int8_t* logits;
#ifdef FAKE_ODD_BATCH
  int64_t added_later;
#endif
};

struct llama_context* fake_context(void);
/// What the next step answers.
void fake_result(struct llama_context* context, int32_t result);
/// A sum over all that the last step was given: shows that nothing was changed on the way.
int64_t fake_checksum(const struct llama_context* context);

void llama_free(struct llama_context* context);
struct llama_memory_i* llama_get_memory(struct llama_context* context);
uint32_t llama_n_batch(const struct llama_context* context);
uint32_t llama_n_ctx(const struct llama_context* context);
struct llama_batch llama_batch_init(int32_t tokens, int32_t embd, int32_t sequences);
void llama_batch_free(struct llama_batch batch);
int32_t llama_decode(struct llama_context* context, struct llama_batch batch);
int32_t llama_encode(struct llama_context* context, struct llama_batch batch);
int32_t llama_process(struct llama_context* context, int type, struct llama_batch_ext* batch);
struct llama_batch_ext* llama_batch_ext_init(struct llama_context* context);
void llama_batch_ext_free(struct llama_batch_ext* batch);
void llama_batch_ext_clear(struct llama_batch_ext* batch);
int32_t llama_batch_ext_add_token(struct llama_batch_ext* batch, int32_t sequence, int32_t token);
int32_t llama_batch_ext_add_embd(struct llama_batch_ext* batch, int32_t sequence, struct llama_embd embd);
bool llama_batch_ext_set_output_logits(struct llama_batch_ext* batch, int32_t index, bool value);
bool llama_batch_ext_set_pos(struct llama_batch_ext* batch, int32_t index, const int32_t* position);
void llama_synchronize(struct llama_context* context);
float* llama_get_logits_ith(struct llama_context* context, int32_t index);
bool llama_memory_seq_rm(struct llama_memory_i* memory, int32_t sequence, int32_t from, int32_t to);
void llama_memory_seq_cp(struct llama_memory_i* memory, int32_t sequence, int32_t to_sequence, int32_t from,
                         int32_t to);
void llama_memory_seq_add(struct llama_memory_i* memory, int32_t sequence, int32_t from, int32_t to,
                          int32_t delta);
int32_t llama_memory_seq_pos_min(struct llama_memory_i* memory, int32_t sequence);
int32_t llama_memory_seq_pos_max(struct llama_memory_i* memory, int32_t sequence);
bool llama_kv_self_seq_rm(struct llama_context* context, int32_t sequence, int32_t from, int32_t to);
void llama_kv_cache_clear(struct llama_context* context);
size_t llama_state_seq_set_data_ext(struct llama_context* context, const uint8_t* from, size_t size,
                                    int32_t sequence, uint32_t flags);
size_t llama_state_seq_get_data_ext(struct llama_context* context, uint8_t* to, size_t size, int32_t sequence,
                                    uint32_t flags);

#ifdef __cplusplus
}
#endif
