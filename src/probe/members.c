// Who is in a batch.

#include <stddef.h>

#include "probe/probe.h"

void llt_members_of_batch(struct llt_members* members, const struct llama_batch* batch) {
  llt_members_clear(members);
  if (batch->logits == NULL) members->flags |= LLT_PROBE_STEP_NO_OUTPUTS;
  for (int32_t i = 0; i < batch->n_tokens; ++i) {
    const int32_t sequence = batch->seq_id == NULL ? 0 : batch->seq_id[i][0];
    struct llt_probe_member* member = llt_members_add(members, sequence);
    const uint32_t wanted = batch->logits != NULL && batch->logits[i] != 0;
    members->outputs += wanted;
    if (member == NULL) continue;
    member->outputs += wanted;
    if (batch->pos != NULL) llt_member_at(member, batch->pos[i]);
  }
}
