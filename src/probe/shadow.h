#pragma once
// A batch of the newer API is opaque: what was put into it is noted as it is put in.

struct llama_batch_ext;
struct llt_members;

/// What is in the batch; an empty, partial one when it was not seen from its begin.
const struct llt_members* llt_shadow_members(const struct llama_batch_ext* batch);
