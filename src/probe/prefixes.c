// Hashes of what the sequences hold: blocks of LLT_PROBE_BLOCK tokens, each hash over all tokens up to its
// block's end, so that equal hashes mean equal beginnings.

#define _GNU_SOURCE
#include "probe/prefixes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "probe/probe.h"
#include "probe/shadow.h"

#define BLOCK LLT_PROBE_BLOCK
#define LARGEST_TABLE ((size_t)4 << 30)  // of address space; only what is used becomes memory
#define SAVED_STATES 64

struct prefix {
  uint32_t known;   // tokens from the begin that are known
  uint32_t told;    // blocks whose hashes were written
  uint32_t hole;    // tokens were taken out in the middle: what followed them begins here ...
  uint32_t beyond;  // ... and ends here; 0: there is no hole
};

struct saved {
  const void* state;  // NULL: free
  uint32_t known;
  int32_t* tokens;
};

struct llt_prefixes {
  uint32_t sequences, positions;
  uint64_t seed;
  int32_t* tokens;   // of each sequence `positions`
  uint64_t* hashes;  // of each sequence `positions / BLOCK`
  struct prefix* of;
  struct saved saved[SAVED_STATES];
  uint32_t saves;
};

// ---- hashes ----

__extension__ typedef unsigned __int128 wide;

static uint64_t mix(uint64_t a, uint64_t b) {
  const wide product = (wide)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_block(uint64_t chain, const int32_t* tokens) {
  for (uint32_t i = 0; i < BLOCK; i += 2) {
    const uint64_t pair = (uint64_t)(uint32_t)tokens[i] << 32 | (uint32_t)tokens[i + 1];
    chain = mix(chain ^ pair ^ 0x9e3779b97f4a7c15u, 0xd6e8feb86659fd93u);
  }
  return mix(chain ^ 0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu);
}

// ---- the tables ----

static void* reserve(size_t bytes) {
  void* memory =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static size_t token_bytes(const struct llt_prefixes* p) {
  return (size_t)p->sequences * p->positions * sizeof *p->tokens;
}
static size_t hash_bytes(const struct llt_prefixes* p) {
  return (size_t)p->sequences * (p->positions / BLOCK) * sizeof *p->hashes;
}

struct llt_prefixes* llt_prefixes_make(uint32_t sequences, uint32_t positions, uint64_t seed) {
  positions = (positions + BLOCK - 1) / BLOCK * BLOCK;
  if (sequences == 0 || sequences > LLT_SEQUENCES) sequences = LLT_SEQUENCES;
  if (positions == 0) return NULL;
  struct llt_prefixes* p = calloc(1, sizeof *p);
  if (p == NULL) return NULL;
  p->sequences = sequences;
  p->positions = positions;
  p->seed = mix(seed ^ 0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u);
  if (token_bytes(p) <= LARGEST_TABLE) {
    p->tokens = reserve(token_bytes(p));
    p->hashes = reserve(hash_bytes(p));
    p->of = calloc(sequences, sizeof *p->of);
  }
  if (p->tokens != NULL && p->hashes != NULL && p->of != NULL) return p;
  llt_prefixes_free(p);
  return NULL;
}

void llt_prefixes_free(struct llt_prefixes* p) {
  if (p == NULL) return;
  if (p->tokens != NULL) munmap(p->tokens, token_bytes(p));
  if (p->hashes != NULL) munmap(p->hashes, hash_bytes(p));
  for (int i = 0; i < SAVED_STATES; ++i) free(p->saved[i].tokens);
  free(p->of);
  free(p);
}

static struct prefix* prefix_of(struct llt_prefixes* p, int32_t sequence) {
  return p == NULL || sequence < 0 || (uint32_t)sequence >= p->sequences ? NULL : &p->of[sequence];
}
static int32_t* tokens_of(struct llt_prefixes* p, int32_t sequence) {
  return p->tokens + (size_t)sequence * p->positions;
}
static uint64_t* hashes_of(struct llt_prefixes* p, int32_t sequence) {
  return p->hashes + (size_t)sequence * (p->positions / BLOCK);
}

static void shorten(struct prefix* prefix, uint32_t known) {
  if (known < prefix->known) prefix->known = known;
  if (prefix->known / BLOCK < prefix->told) prefix->told = prefix->known / BLOCK;
}

// ---- on the way of a step ----

static bool has_whole_block(const struct prefix* prefix) {
  return (prefix->told + 1) * BLOCK <= prefix->known;
}

bool llt_prefix_token(struct llt_prefixes* p, int32_t sequence, int32_t position, int32_t token) {
  struct prefix* prefix = prefix_of(p, sequence);
  if (prefix == NULL) return false;
  prefix->beyond = 0;
  if (position < 0) {
    shorten(prefix, 0);
    return false;
  }
  const uint32_t at = (uint32_t)position;
  if (at < prefix->known) shorten(prefix, at);
  if (at != prefix->known || token < 0 || at >= p->positions) return false;  // behind something unknown
  tokens_of(p, sequence)[at] = token;
  prefix->known = at + 1;
  return has_whole_block(prefix);
}

bool llt_prefix_tokens(struct llt_prefixes* p, const struct llt_batch_token* tokens, uint32_t count) {
  bool whole = false;
  for (uint32_t i = 0; i < count; ++i) {
    whole |= llt_prefix_token(p, tokens[i].sequence, tokens[i].position, tokens[i].token);
  }
  return whole;
}

static void write_hashes(const struct llt_context* context, int32_t sequence, uint32_t first, uint32_t count,
                         const uint64_t* hashes) {
  union llt_probe_record record;
  memset(&record, 0, sizeof record);
  struct llt_probe_blocks* out = &record.blocks;
  out->head.kind = LLT_PROBE_BLOCKS;
  out->head.context = context->number;
  out->sequence = (int16_t)sequence;
  out->count = (uint16_t)count;
  out->first = first;
  if (count > 0) memcpy(out->hash, hashes, count * sizeof *hashes);
  llt_emit(&record, 1);
}

void llt_prefix_tell(const struct llt_context* context, int32_t sequence) {
  struct llt_prefixes* p = context->prefixes;
  struct prefix* prefix = prefix_of(p, sequence);
  if (prefix == NULL) return;
  const int32_t* tokens = tokens_of(p, sequence);
  uint64_t* hashes = hashes_of(p, sequence);
  uint32_t first = prefix->told;
  while (has_whole_block(prefix)) {
    const uint32_t block = prefix->told++;
    hashes[block] = hash_block(block == 0 ? p->seed : hashes[block - 1], tokens + (size_t)block * BLOCK);
    if (prefix->told - first < LLT_PROBE_BLOCKS_EACH) continue;
    write_hashes(context, sequence, first, prefix->told - first, hashes + first);
    first = prefix->told;
  }
  if (prefix->told > first) write_hashes(context, sequence, first, prefix->told - first, hashes + first);
}

// ---- the cache ----

static uint32_t bound(int32_t position, uint32_t without) {
  return position < 0 ? without : (uint32_t)position;
}

void llt_prefix_remove(struct llt_prefixes* p, int32_t sequence, int32_t from_position, int32_t to_position) {
  if (p == NULL) return;
  if (sequence < 0) {
    for (uint32_t i = 0; i < p->sequences; ++i) llt_prefix_remove(p, (int32_t)i, from_position, to_position);
    return;
  }
  struct prefix* prefix = prefix_of(p, sequence);
  if (prefix == NULL) return;
  const uint32_t from = bound(from_position, 0), to = bound(to_position, UINT32_MAX);
  const uint32_t end = prefix->beyond > prefix->known ? prefix->beyond : prefix->known;
  if (from >= end) return;
  if (from > prefix->known) {  // behind the hole
    prefix->beyond = 0;
    return;
  }
  prefix->hole = to;
  prefix->beyond = to < end ? end : 0;
  shorten(prefix, from);
}

void llt_prefix_keep(struct llt_prefixes* p, int32_t sequence) {
  if (p == NULL) return;
  for (uint32_t i = 0; i < p->sequences; ++i) {
    if ((int32_t)i != sequence) p->of[i] = (struct prefix){0, 0, 0, 0};
  }
}

// Tells a sequence anew, from the block `from` on: it holds something else now.
static void tell_again(const struct llt_context* context, int32_t sequence, uint32_t from) {
  struct prefix* prefix = prefix_of(context->prefixes, sequence);
  if (from < prefix->told) prefix->told = from;
  if (prefix->known / BLOCK <= prefix->told) write_hashes(context, sequence, prefix->told, 0, NULL);
  llt_prefix_tell(context, sequence);
}

void llt_prefix_copy(const struct llt_context* context, int32_t sequence, int32_t to_sequence, int32_t from,
                     int32_t to) {
  struct llt_prefixes* p = context->prefixes;
  const struct prefix* source = prefix_of(p, sequence);
  struct prefix* target = prefix_of(p, to_sequence);
  if (source == NULL || target == NULL || sequence == to_sequence) return;
  const uint32_t end = bound(to, UINT32_MAX);
  *target = (struct prefix){0, 0, 0, 0};
  if (from <= 0) target->known = end < source->known ? end : source->known;
  memcpy(tokens_of(p, to_sequence), tokens_of(p, sequence), target->known * sizeof *p->tokens);
  tell_again(context, to_sequence, 0);
}

// What followed a hole moves into it. Every other shift leaves tokens at places that are not followed.
void llt_prefix_shift(const struct llt_context* context, int32_t sequence, int32_t from_position,
                      int32_t to_position, int32_t delta) {
  struct llt_prefixes* p = context->prefixes;
  struct prefix* prefix = prefix_of(p, sequence);
  if (prefix == NULL) return;
  const uint32_t from = bound(from_position, 0);
  uint32_t to = bound(to_position, UINT32_MAX);
  if (to > prefix->beyond) to = prefix->beyond;
  const bool fills = prefix->beyond != 0 && from == prefix->hole && (int64_t)from + delta == prefix->known;
  const uint32_t kept = prefix->known;
  if (fills && to > from) {
    int32_t* tokens = tokens_of(p, sequence);
    memmove(tokens + kept, tokens + from, (to - from) * sizeof *tokens);
    prefix->known = kept + (to - from);
    if (to == prefix->beyond) prefix->beyond = 0;
  } else {
    const int64_t least = (int64_t)from + (delta < 0 ? delta : 0);
    prefix->beyond = 0;
    shorten(prefix, least < 0 ? 0 : (uint32_t)least);
  }
  tell_again(context, sequence, kept / BLOCK < prefix->told ? kept / BLOCK : prefix->told);
}

// ---- states ----

void llt_prefix_save(const struct llt_context* context, int32_t sequence, const void* state) {
  struct llt_prefixes* p = context->prefixes;
  const struct prefix* prefix = prefix_of(p, sequence);
  if (prefix == NULL || state == NULL) return;
  struct saved* place = NULL;
  for (int i = 0; i < SAVED_STATES; ++i) {
    if (p->saved[i].state == state) place = &p->saved[i];
  }
  if (place == NULL) place = &p->saved[p->saves++ % SAVED_STATES];
  free(place->tokens);
  place->state = NULL;
  place->known = prefix->known;
  place->tokens = malloc((prefix->known + 1) * sizeof *place->tokens);
  if (place->tokens == NULL) return;
  place->state = state;
  memcpy(place->tokens, tokens_of(p, sequence), prefix->known * sizeof *place->tokens);
}

void llt_prefix_load(const struct llt_context* context, int32_t sequence, const void* state) {
  struct llt_prefixes* p = context->prefixes;
  struct prefix* prefix = prefix_of(p, sequence);
  if (prefix == NULL) return;
  *prefix = (struct prefix){0, 0, 0, 0};
  for (int i = 0; i < SAVED_STATES && state != NULL; ++i) {
    const struct saved* saved = &p->saved[i];
    if (saved->state != state) continue;
    memcpy(tokens_of(p, sequence), saved->tokens, saved->known * sizeof *saved->tokens);
    prefix->known = saved->known;
  }
  tell_again(context, sequence, 0);
}
