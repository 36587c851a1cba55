#pragma once
// What the sequences of a context hold, told as hashes over the tokens from their begin. The tokens stay in
// the engine's own memory; only hashes leave it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct llt_batch_token;
struct llt_context;
struct llt_prefixes;

/// For sequences of up to `positions` tokens; `seed` tells models apart. NULL: no memory, or too much asked.
struct llt_prefixes* llt_prefixes_make(uint32_t sequences, uint32_t positions, uint64_t seed);
void llt_prefixes_free(struct llt_prefixes* prefixes);

/// A token was computed. A negative one is unknown: an embedding. Gives whether a block of its sequence is
/// whole now, and to be told. On the way of a step.
bool llt_prefix_token(struct llt_prefixes* prefixes, int32_t sequence, int32_t position, int32_t token);
/// The same for tokens of a step; gives whether a block of any sequence is whole.
bool llt_prefix_tokens(struct llt_prefixes* prefixes, const struct llt_batch_token* tokens, uint32_t count);
/// Writes the hashes of the blocks that were completed since the last call.
void llt_prefix_tell(const struct llt_context* context, int32_t sequence);

// What the engine did to its cache; positions as the engine gives them: negative ones have no bound.
void llt_prefix_remove(struct llt_prefixes* prefixes, int32_t sequence, int32_t from, int32_t to);
void llt_prefix_keep(struct llt_prefixes* prefixes, int32_t sequence);  ///< negative: none is kept
void llt_prefix_copy(const struct llt_context* context, int32_t sequence, int32_t to_sequence, int32_t from,
                     int32_t to);
void llt_prefix_shift(const struct llt_context* context, int32_t sequence, int32_t from, int32_t to,
                      int32_t delta);
/// A sequence's state was copied to the memory at `state`, or comes from there. NULL: from a file.
void llt_prefix_save(const struct llt_context* context, int32_t sequence, const void* state);
void llt_prefix_load(const struct llt_context* context, int32_t sequence, const void* state);
