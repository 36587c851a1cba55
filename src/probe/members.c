// Who is in a batch.

#include <stddef.h>
#include <string.h>

#include "probe/probe.h"

void llt_members_clear(struct llt_members* members) {
  members->tokens = 0;
  members->outputs = 0;
  members->count = 0;
  members->flags = 0;
}

struct llt_probe_member* llt_members_add(struct llt_members* members, int32_t sequence) {
  ++members->tokens;
  if (sequence < 0 || sequence >= LLT_SEQUENCES) {
    members->flags |= LLT_PROBE_STEP_PARTIAL;
    return NULL;
  }
  const uint8_t place = members->of_sequence[sequence];
  if (place < members->count && members->list[place].sequence == sequence) {
    ++members->list[place].tokens;
    return &members->list[place];
  }
  members->of_sequence[sequence] = (uint8_t)members->count;
  struct llt_probe_member* member = &members->list[members->count++];
  *member = (struct llt_probe_member){sequence, 1, 0, LLT_PROBE_NONE, LLT_PROBE_NONE};
  return member;
}

void llt_member_at(struct llt_probe_member* member, int32_t position) {
  if (member->first_position == LLT_PROBE_NONE || position < member->first_position) {
    member->first_position = position;
  }
  if (position > member->last_position) member->last_position = position;
}

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
