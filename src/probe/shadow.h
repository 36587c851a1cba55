#pragma once
// A batch of the newer API is opaque: what was put into it is noted as it is put in.

#include <stdint.h>

struct llama_batch_ext;
struct llt_members;

struct llt_batch_token {
  int32_t token;     ///< negative: an embedding
  int32_t position;  ///< negative: not set
  int16_t sequence;
};

/// What is in the batch; an empty, partial one when it was not seen from its begin.
const struct llt_members* llt_shadow_members(const struct llama_batch_ext* batch);

/// Its tokens in their order, as far as they were kept.
const struct llt_batch_token* llt_shadow_tokens(const struct llama_batch_ext* batch, uint32_t* count);
