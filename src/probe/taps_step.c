// The calls that compute a batch, of both generations of llama.cpp's API.

#include <stddef.h>
#include <string.h>

#include "probe/prefixes.h"
#include "probe/probe.h"
#include "probe/shadow.h"

static __thread bool inside;  // one of these functions may call another

struct step {
  struct llt_context* context;
  uint64_t start;
};

static bool begin(struct step* step, struct llama_context* context) {
  if (inside || !llt_ready()) return false;
  step->context = llt_context_of(context);
  if (step->context == NULL) return false;
  inside = true;
  step->context->unsynced = 0;
  step->start = llt_now();
  return true;
}

static void begin_members(struct llt_probe_members* out, uint8_t count) {
  out->kind = LLT_PROBE_MEMBERS;
  out->count = count;
  out->unused = 0;
}

static uint32_t write_members(union llt_probe_record* records, const struct llt_members* members) {
  const uint32_t full = members->count / LLT_PROBE_MEMBERS_EACH,
                 left = members->count % LLT_PROBE_MEMBERS_EACH;
  const struct llt_probe_member* from = members->list;
  for (uint32_t i = 0; i < full; ++i, from += LLT_PROBE_MEMBERS_EACH) {
    struct llt_probe_members* out = &records[i].members;
    begin_members(out, LLT_PROBE_MEMBERS_EACH);
    memcpy(out->members, from, sizeof out->members);  // of a size that the compiler knows: a few moves
  }
  if (left == 0) return full;
  struct llt_probe_members* last = &records[full].members;
  memset(last, 0, sizeof *last);
  begin_members(last, (uint8_t)left);
  for (uint32_t i = 0; i < left; ++i) last->members[i] = from[i];
  return full + 1;
}

// `whole`: blocks of prompts are to be told.
static void end(const struct step* step, enum llt_probe_operation operation, int32_t result,
                const struct llt_members* members, bool whole) {
  const uint64_t finish = llt_now();
  inside = false;
  struct llt_context* context = step->context;
  if (result == 0) llt_context_recount_members(context, members);
  for (uint32_t i = 0; i < members->count && whole; ++i) llt_prefix_tell(context, members->list[i].sequence);
  union llt_probe_record group[1 + (LLT_SEQUENCES + LLT_PROBE_MEMBERS_EACH - 1) / LLT_PROBE_MEMBERS_EACH];
  struct llt_probe_step* out = &group[0].step;
  memset(out, 0, sizeof *out);
  out->head.kind = LLT_PROBE_STEP;
  out->head.context = context->number;
  out->start = step->start;
  out->finish = finish;
  out->tokens = members->tokens;
  out->outputs = members->outputs;
  out->result = result;
  out->sequences = members->count;
  out->operation = (uint8_t)operation;
  out->flags = members->flags;
  out->kv_tokens = context->kv_total;
  if (context->memory == NULL) out->flags |= LLT_PROBE_STEP_NO_KV;
  const uint64_t order = llt_emit(group, 1 + write_members(group + 1, members));
  if (result == 0) context->unsynced = order;
}

// ---- llama_process ----

static bool follow_shadow(struct llt_prefixes* prefixes, const struct llama_batch_ext* batch) {
  uint32_t count;
  const struct llt_batch_token* tokens = llt_shadow_tokens(batch, &count);
  return llt_prefix_tokens(prefixes, tokens, count);
}

LLT_EXPORT int32_t llama_process(struct llama_context* context, int type, struct llama_batch_ext* batch);
LLT_EXPORT int32_t llama_process(struct llama_context* context, int type, struct llama_batch_ext* batch) {
  typedef int32_t (*process)(struct llama_context*, int, struct llama_batch_ext*);
  LLT_REAL(llama_process, process);
  struct step step;
  if (!begin(&step, context)) return real(context, type, batch);
  const int32_t result = real(context, type, batch);
  const struct llt_members* members = llt_shadow_members(batch);
  const bool followed = result == 0 && step.context->prefixes != NULL;
  const bool whole = followed && follow_shadow(step.context->prefixes, batch);
  end(&step, type == 0 ? LLT_PROBE_ENCODE : LLT_PROBE_DECODE, result, members, whole);
  return result;
}

// ---- llama_decode, llama_encode ----

typedef int32_t (*step_function)(struct llama_context*, struct llama_batch);

static bool follow_batch(struct llt_prefixes* prefixes, const struct llama_batch* batch) {
  bool whole = false;
  for (int32_t i = 0; i < batch->n_tokens; ++i) {
    const int32_t token = batch->token == NULL ? LLT_PROBE_NONE : batch->token[i];
    const int32_t position = batch->pos == NULL ? LLT_PROBE_NONE : batch->pos[i];
    const int32_t sequences = batch->n_seq_id == NULL || batch->seq_id == NULL ? 0 : batch->n_seq_id[i];
    for (int32_t k = 0; k < sequences; ++k) {
      whole |= llt_prefix_token(prefixes, batch->seq_id[i][k], position, token);
    }
  }
  return whole;
}

static int32_t run(step_function real, enum llt_probe_operation operation, struct llama_context* context,
                   struct llama_batch batch) {
  struct step step;
  if (!begin(&step, context)) return real(context, batch);
  const int32_t result = real(context, batch);
  struct llt_members members;
  llt_members_of_batch(&members, &batch);
  const bool followed = result == 0 && step.context->prefixes != NULL;
  const bool whole = followed && follow_batch(step.context->prefixes, &batch);
  end(&step, operation, result, &members, whole);
  return result;
}

static step_function real_decode, real_encode;
static int32_t watched_decode(struct llama_context* context, struct llama_batch batch) {
  return run(real_decode, LLT_PROBE_DECODE, context, batch);
}
static int32_t watched_encode(struct llama_context* context, struct llama_batch batch) {
  return run(real_encode, LLT_PROBE_ENCODE, context, batch);
}

// The batch is passed by value: a library that knows it with other members must get it as it was. Only with
// the layout that we know the call goes through C; otherwise it jumps on, its arguments untouched.
#if defined(__x86_64__)

// llama_batch_init() fills a batch that the caller provides: what it writes shows the layout.
static bool layout_is_known(void) {
  typedef void (*init)(void*, int32_t, int32_t, int32_t);  // how a struct is returned on x86-64
  typedef void (*release)(struct llama_batch);
  const init make = (init)llt_find("llama_batch_init");
  const release drop = (release)llt_find("llama_batch_free");
  if (make == NULL || drop == NULL) return false;
  unsigned char room[512];
  const unsigned char blank = 0xa5;
  memset(room, blank, sizeof room);
  make(room, 1, 0, 1);
  for (size_t i = sizeof(struct llama_batch); i < sizeof room; ++i) {
    if (room[i] != blank) return false;
  }
  struct llama_batch batch;
  memcpy(&batch, room, sizeof batch);
  uintptr_t unwritten;
  memset(&unwritten, blank, sizeof unwritten);
  const bool known = batch.n_tokens == 0 && batch.embd == NULL && batch.token != NULL && batch.pos != NULL &&
                     batch.n_seq_id != NULL && batch.seq_id != NULL && batch.logits != NULL &&
                     (uintptr_t)batch.logits != unwritten;
  if (known) drop(batch);
  return known;
}

static int32_t missing(struct llama_context* context, struct llama_batch batch) {
  (void)context;
  (void)batch;
  return -3;
}

__attribute__((visibility("hidden"))) step_function llt_decode_entry, llt_encode_entry;

__attribute__((visibility("hidden"), used)) void llt_resolve_steps(void) {
  real_decode = (step_function)llt_find("llama_decode");
  real_encode = (step_function)llt_find("llama_encode");
  const bool known = layout_is_known();
  if (!known)
    llt_say("this llama.cpp has another llama_batch than the ones it knows; it stays out of the way");
  const step_function decode = known ? watched_decode : real_decode;
  const step_function encode = known ? watched_encode : real_encode;
  __atomic_store_n(&llt_encode_entry, real_encode == NULL ? missing : encode, __ATOMIC_RELEASE);
  __atomic_store_n(&llt_decode_entry, real_decode == NULL ? missing : decode, __ATOMIC_RELEASE);
}

#define LLT_JUMP(name, entry)                                          \
  __asm__(".text\n.globl " #name "\n.type " #name ",@function\n" #name \
          ":\n"                                                        \
          "  endbr64\n"                                                \
          "  cmpq $0, " #entry                                         \
          "(%rip)\n"                                                   \
          "  jne 1f\n"                                                 \
          "  push %rdi\n"                                              \
          "  call llt_resolve_steps\n"                                 \
          "  pop %rdi\n"                                               \
          "1:\n"                                                       \
          "  jmp *" #entry                                             \
          "(%rip)\n"                                                   \
          ".size " #name ", .-" #name "\n")
LLT_JUMP(llama_decode, llt_decode_entry);
LLT_JUMP(llama_encode, llt_encode_entry);

#else  // a struct of this size is passed by reference to a copy

LLT_EXPORT int32_t llama_decode(struct llama_context* context, struct llama_batch batch);
LLT_EXPORT int32_t llama_decode(struct llama_context* context, struct llama_batch batch) {
  LLT_REAL(llama_decode, step_function);
  real_decode = real;
  return watched_decode(context, batch);
}
LLT_EXPORT int32_t llama_encode(struct llama_context* context, struct llama_batch batch);
LLT_EXPORT int32_t llama_encode(struct llama_context* context, struct llama_batch batch) {
  LLT_REAL(llama_encode, step_function);
  real_encode = real;
  return watched_encode(context, batch);
}

#endif
