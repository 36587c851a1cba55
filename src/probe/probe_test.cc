// The probe between a scripted caller and a stand-in for libllama, in one process: links in that order, so
// that its functions are found first, as LD_PRELOAD has it.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "probe/fake_llama.h"
#include "probe/test_ring.h"

namespace llt::probe_test {
namespace {

class Probe : public ::testing::Test {
 protected:
  void SetUp() override {
    probe_folder();
    context_ = fake_context();
    memory_ = llama_get_memory(context_);  // the ring is made here, at the latest
    ASSERT_NE(open_ring(), nullptr);
    drain();
  }
  void TearDown() override { llama_free(context_); }

  llama_context* context_ = nullptr;
  llama_memory_i* memory_ = nullptr;
};

void add(llama_batch_ext* batch, int sequence, int position, bool output) {
  const int index = llama_batch_ext_add_token(batch, sequence, 7);
  ASSERT_GE(index, 0);
  llama_batch_ext_set_pos(batch, index, &position);
  if (output) llama_batch_ext_set_output_logits(batch, index, true);
}

TEST_F(Probe, SeesWhoIsInABatchOfTheNewApi) {
  llama_batch_ext* batch = llama_batch_ext_init(context_);
  for (int i = 0; i < 5; ++i) add(batch, 2, i, i == 4);
  add(batch, 0, 0, true);
  EXPECT_EQ(llama_process(context_, 1, batch), 0);
  EXPECT_EQ(fake_checksum(context_), 6 + 1 + 6 * 7 + 10 + 5 * 2 + 2);
  llama_synchronize(context_);
  llama_synchronize(context_);
  const auto groups = drain();
  const auto steps = only(groups, LLT_PROBE_STEP);
  ASSERT_EQ(steps.size(), 1u);
  const llt_probe_step& step = steps[0].head().step;
  EXPECT_EQ(step.tokens, 6u);
  EXPECT_EQ(step.outputs, 2u);
  EXPECT_EQ(step.sequences, 2u);
  EXPECT_EQ(step.kv_tokens, 6u);
  EXPECT_EQ(step.operation, LLT_PROBE_DECODE);
  EXPECT_EQ(step.flags, 0u);
  EXPECT_LE(step.start, step.finish);
  const auto members = steps[0].members();
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0].sequence, 2);
  EXPECT_EQ(members[0].tokens, 5u);
  EXPECT_EQ(members[0].outputs, 1u);
  EXPECT_EQ(members[0].first_position, 0);
  EXPECT_EQ(members[0].last_position, 4);
  EXPECT_EQ(members[1].sequence, 0);
  const auto syncs = only(groups, LLT_PROBE_SYNC);
  ASSERT_EQ(syncs.size(), 1u) << "only the first wait counts";
  EXPECT_EQ(syncs[0].head().sync.step, step.head.order);
  EXPECT_GE(syncs[0].head().sync.at, step.finish);

  llama_batch_ext_clear(batch);
  add(batch, 2, 5, true);
  EXPECT_EQ(llama_process(context_, 1, batch), 0);
  const auto next = only(drain(), LLT_PROBE_STEP);
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(next[0].head().step.tokens, 1u);
  EXPECT_EQ(next[0].head().step.kv_tokens, 7u);
  llama_batch_ext_free(batch);
}

TEST_F(Probe, CountsEmbeddingsWithoutTouchingThem) {
  llama_batch_ext* batch = llama_batch_ext_init(context_);
  const int position = 3;
  const int index = llama_batch_ext_add_embd(batch, 1, {nullptr, 1, 64});
  EXPECT_EQ(index, 0);
  llama_batch_ext_set_pos(batch, index, &position);
  EXPECT_EQ(llama_process(context_, 0, batch), 0);
  EXPECT_EQ(fake_checksum(context_), 1 + 0 + 1064 + 3 + 1);
  const auto steps = only(drain(), LLT_PROBE_STEP);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].head().step.operation, LLT_PROBE_ENCODE);
  ASSERT_EQ(steps[0].members().size(), 1u);
  EXPECT_EQ(steps[0].members()[0].sequence, 1);
  EXPECT_EQ(steps[0].members()[0].last_position, 3);
  llama_batch_ext_free(batch);
}

llama_batch old_batch(std::initializer_list<std::array<int, 3>> tokens) {
  llama_batch batch = llama_batch_init(static_cast<int>(tokens.size()), 0, 1);
  for (const auto& [sequence, position, output] : tokens) {
    batch.token[batch.n_tokens] = 5;
    batch.pos[batch.n_tokens] = position;
    batch.n_seq_id[batch.n_tokens] = 1;
    batch.seq_id[batch.n_tokens][0] = sequence;
    batch.logits[batch.n_tokens++] = static_cast<std::int8_t>(output);
  }
  return batch;
}

TEST_F(Probe, SeesWhoIsInABatchOfTheOldApi) {
  llama_batch batch = old_batch({{0, 10, 1}, {3, 0, 0}, {3, 1, 0}, {3, 2, 1}});
  EXPECT_EQ(llama_decode(context_, batch), 0);
  EXPECT_EQ(fake_checksum(context_), 4 + 4 * 5 + 13 + 9 + 2);
  EXPECT_EQ(llama_encode(context_, batch), 0);
  llama_get_logits_ith(context_, 3);
  const auto groups = drain();
  const auto steps = only(groups, LLT_PROBE_STEP);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].head().step.operation, LLT_PROBE_DECODE);
  EXPECT_EQ(steps[1].head().step.operation, LLT_PROBE_ENCODE);
  ASSERT_EQ(steps[0].members().size(), 2u);
  EXPECT_EQ(steps[0].members()[1].tokens, 3u);
  EXPECT_EQ(steps[0].members()[1].outputs, 1u);
  ASSERT_EQ(only(groups, LLT_PROBE_SYNC).size(), 1u);
  llama_batch_free(batch);
}

TEST_F(Probe, AFailedStepIsToldAndNotWaitedFor) {
  llama_batch batch = old_batch({{0, 0, 1}});
  fake_result(context_, 1);
  EXPECT_EQ(llama_decode(context_, batch), 1);
  llama_synchronize(context_);
  const auto groups = drain();
  ASSERT_EQ(only(groups, LLT_PROBE_STEP).size(), 1u);
  EXPECT_EQ(only(groups, LLT_PROBE_STEP)[0].head().step.result, 1);
  EXPECT_EQ(only(groups, LLT_PROBE_STEP)[0].head().step.kv_tokens, 0u);
  EXPECT_TRUE(only(groups, LLT_PROBE_SYNC).empty());
  llama_batch_free(batch);
}

TEST_F(Probe, SeesTheCacheChange) {
  llama_batch batch = old_batch({{1, 0, 0}, {1, 1, 0}, {1, 2, 1}});
  llama_decode(context_, batch);
  llama_memory_seq_cp(memory_, 1, 4, -1, -1);
  llama_memory_seq_rm(memory_, 1, 1, -1);
  llama_memory_seq_add(memory_, 4, 0, -1, -1);
  std::array<std::uint8_t, 16> room{};
  llama_state_seq_get_data_ext(context_, room.data(), room.size(), 4, 0);
  llama_batch_free(batch);
  const auto changes = only(drain(), LLT_PROBE_MEMORY);
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(changes[0].head().memory.op, LLT_PROBE_SEQ_CP);
  EXPECT_EQ(changes[0].head().memory.to_sequence, 4);
  EXPECT_EQ(changes[1].head().memory.op, LLT_PROBE_SEQ_RM);
  EXPECT_EQ(changes[1].head().memory.from_position, 1);
  EXPECT_EQ(changes[2].head().memory.delta, -1);
  EXPECT_EQ(changes[3].head().memory.op, LLT_PROBE_STATE_SAVE);
  EXPECT_EQ(changes[3].head().memory.bytes, 16u);
  llama_batch one = old_batch({{0, 0, 1}});
  llama_decode(context_, one);
  llama_batch_free(one);
  EXPECT_EQ(only(drain(), LLT_PROBE_STEP)[0].head().step.kv_tokens, 1u + 2u + 1u);
}

TEST_F(Probe, ManySequencesAndSequencesOutOfRange) {
  llama_batch_ext* batch = llama_batch_ext_init(context_);
  for (int sequence = 0; sequence < 256; ++sequence) add(batch, sequence, 0, true);
  EXPECT_EQ(llama_process(context_, 1, batch), 0);
  EXPECT_EQ(llama_batch_ext_add_token(batch, -1, 3), -3) << "the engine's own refusal is passed on";
  const auto steps = only(drain(), LLT_PROBE_STEP);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].members().size(), 256u);
  EXPECT_EQ(steps[0].head().step.tokens, 256u);
  llama_batch_ext_free(batch);
}

TEST_F(Probe, ABatchLargerThanExpectedKeepsItsCounts) {
  llama_batch_ext* batch = llama_batch_ext_init(context_);
  for (int i = 0; i < 5000; ++i) add(batch, i % 2, i, false);
  EXPECT_EQ(llama_process(context_, 1, batch), 0);
  const auto steps = only(drain(), LLT_PROBE_STEP);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].members()[0].tokens, 2500u);
  llama_batch_ext_free(batch);
}

TEST_F(Probe, AFullRingDropsAndCountsAndTheEngineGoesOn) {
  llama_batch batch = old_batch({{0, 0, 1}});
  const std::uint64_t before = llt_ring_dropped(open_ring());
  for (unsigned i = 0; i < LLT_RING_LANES * LLT_RING_LANE_RECORDS; ++i)
    ASSERT_EQ(llama_decode(context_, batch), 0);
  EXPECT_GT(llt_ring_dropped(open_ring()), before);
  const auto kept = drain();
  EXPECT_EQ(kept.size(), LLT_RING_LANES * LLT_RING_LANE_RECORDS / 2);
  llama_decode(context_, batch);
  EXPECT_EQ(only(drain(), LLT_PROBE_STEP).size(), 1u) << "with room again, it records again";
  llama_batch_free(batch);
}

TEST_F(Probe, ThreadsWithContextsOfTheirOwn) {
  constexpr int kSteps = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      llama_context* context = fake_context();
      llama_batch_ext* batch = llama_batch_ext_init(context);
      for (int i = 0; i < kSteps; ++i) {
        llama_batch_ext_clear(batch);
        add(batch, i % 8, i, true);
        llama_process(context, 1, batch);
        llama_synchronize(context);
      }
      llama_batch_ext_free(batch);
      llama_free(context);
    });
  }
  for (auto& thread : threads) thread.join();
  const auto groups = drain();
  EXPECT_EQ(only(groups, LLT_PROBE_STEP).size(), 4u * kSteps);
  EXPECT_EQ(only(groups, LLT_PROBE_SYNC).size(), 4u * kSteps);
  EXPECT_EQ(only(groups, LLT_PROBE_CONTEXT_END).size(), 4u);
}

// ---- what sequences hold ----

// A step that gives `sequence` tokens from `first` on; a token is its position plus `salt`.
void read(llama_context* context, int sequence, int first, int count, int salt = 0) {
  llama_batch_ext* batch = llama_batch_ext_init(context);
  for (int position = first; position < first + count; ++position) {
    const int index = llama_batch_ext_add_token(batch, sequence, position + salt);
    llama_batch_ext_set_pos(batch, index, &position);
  }
  ASSERT_EQ(llama_process(context, 1, batch), 0);
  llama_batch_ext_free(batch);
}

struct Told {
  int sequence;
  std::uint32_t first;
  std::vector<std::uint64_t> hashes;
};

// What was told since the last call, records that continue each other joined.
std::vector<Told> told() {
  std::vector<Told> out;
  for (const auto& group : only(drain(), LLT_PROBE_BLOCKS)) {
    const llt_probe_blocks& blocks = group.head().blocks;
    if (out.empty() || out.back().sequence != blocks.sequence ||
        out.back().first + out.back().hashes.size() != blocks.first) {
      out.push_back({blocks.sequence, blocks.first, {}});
    }
    out.back().hashes.insert(out.back().hashes.end(), blocks.hash, blocks.hash + blocks.count);
  }
  return out;
}

TEST_F(Probe, EqualBeginningsHaveEqualHashes) {
  read(context_, 0, 0, 300);
  const auto whole = told();
  ASSERT_EQ(whole.size(), 1u);
  ASSERT_EQ(whole[0].hashes.size(), 9u) << "the last 12 tokens fill no block";
  for (int at = 0; at < 300; at += 50) read(context_, 1, at, 50);  // the same in parts
  std::vector<std::uint64_t> parts;
  for (const Told& part : told()) parts.insert(parts.end(), part.hashes.begin(), part.hashes.end());
  EXPECT_EQ(parts, whole[0].hashes);
  read(context_, 2, 0, 300, 1);
  EXPECT_NE(told()[0].hashes[0], whole[0].hashes[0]);
}

TEST_F(Probe, BothGenerationsOfTheApiTellTheSame) {
  read(context_, 0, 0, 64);
  const auto newer = told();
  llama_batch batch = llama_batch_init(64, 0, 1);
  for (; batch.n_tokens < 64; ++batch.n_tokens) {
    batch.token[batch.n_tokens] = batch.pos[batch.n_tokens] = batch.n_tokens;
    batch.n_seq_id[batch.n_tokens] = 1;
    batch.seq_id[batch.n_tokens][0] = 1;
    batch.logits[batch.n_tokens] = 0;
  }
  EXPECT_EQ(llama_decode(context_, batch), 0);
  llama_batch_free(batch);
  const auto older = told();
  ASSERT_EQ(newer.size(), 1u);
  ASSERT_EQ(older.size(), 1u);
  EXPECT_EQ(older[0].hashes, newer[0].hashes);
}

TEST_F(Probe, ABlockStandsOnAllBeforeIt) {
  read(context_, 0, 0, 64);
  const auto first = told()[0].hashes;
  read(context_, 1, 0, 32, 5);
  read(context_, 1, 32, 32);
  const auto second = told();
  EXPECT_NE(second.back().hashes.back(), first[1]) << "the same 32 tokens behind others";
}

TEST_F(Probe, ACutGoesBackToWhatIsStillThere) {
  read(context_, 0, 0, 128);
  const auto before = told()[0].hashes;
  llama_memory_seq_rm(memory_, 0, 70, -1);
  read(context_, 0, 70, 30);
  const auto after = told();
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0].first, 2u) << "the block that was cut is told again";
  EXPECT_EQ(after[0].hashes, std::vector<std::uint64_t>{before[2]});
  llama_kv_self_seq_rm(context_, 0, 32, -1);
  read(context_, 0, 32, 32);
  EXPECT_EQ(told()[0].hashes, std::vector<std::uint64_t>{before[1]});
  llama_kv_cache_clear(context_);
  read(context_, 0, 0, 32);
  EXPECT_EQ(told()[0].hashes, std::vector<std::uint64_t>{before[0]});
}

TEST_F(Probe, ACopyHoldsWhatItsSourceHolds) {
  read(context_, 0, 0, 100);
  const auto source = told()[0].hashes;
  llama_memory_seq_cp(memory_, 0, 5, -1, -1);
  const auto copy = told();
  ASSERT_EQ(copy.size(), 1u);
  EXPECT_EQ(copy[0].sequence, 5);
  EXPECT_EQ(copy[0].hashes, source);
}

TEST_F(Probe, AShiftMovesWhatFollowsTheHole) {
  read(context_, 1, 0, 32);
  read(context_, 1, 32, 96, 64);  // the tokens 96 to 191
  const auto straight = told();
  read(context_, 0, 0, 192);
  llama_memory_seq_rm(memory_, 0, 32, 96);
  llama_memory_seq_add(memory_, 0, 96, -1, -64);
  const auto shifted = told();
  EXPECT_EQ(shifted.back().first, 1u);
  const auto& all = straight.back().hashes;  // the first block with them
  EXPECT_EQ(shifted.back().hashes, std::vector<std::uint64_t>(all.begin() + 1, all.end()));
}

TEST_F(Probe, AStateThatComesBackIsKnown) {
  std::array<std::uint8_t, 8> state{}, other{};
  read(context_, 0, 0, 96);
  const auto saved = told()[0].hashes;
  llama_state_seq_get_data_ext(context_, state.data(), state.size(), 0, 0);
  llama_memory_seq_rm(memory_, 0, 0, -1);
  read(context_, 0, 0, 64, 9);
  told();
  llama_state_seq_set_data_ext(context_, state.data(), state.size(), 0, 0);
  EXPECT_EQ(told().back().hashes, saved);
  llama_state_seq_set_data_ext(context_, other.data(), other.size(), 0, 0);
  EXPECT_TRUE(told().back().hashes.empty()) << "nobody knows what it holds";
  read(context_, 0, 96, 64);
  EXPECT_TRUE(told().empty()) << "behind what is not known";
}

TEST_F(Probe, EmbeddingsAreUnknownTokens) {
  llama_batch_ext* batch = llama_batch_ext_init(context_);
  for (int position = 0; position < 40; ++position) {
    const int index = position == 20 ? llama_batch_ext_add_embd(batch, 3, {nullptr, 1, 64})
                                     : llama_batch_ext_add_token(batch, 3, position);
    llama_batch_ext_set_pos(batch, index, &position);
  }
  llama_process(context_, 1, batch);
  llama_batch_ext_free(batch);
  EXPECT_TRUE(told().empty());
}

TEST_F(Probe, AFailedStepLeavesNothing) {
  fake_result(context_, 1);
  llama_batch_ext* batch = llama_batch_ext_init(context_);
  for (int position = 0; position < 64; ++position) add(batch, 0, position, false);
  EXPECT_EQ(llama_process(context_, 1, batch), 1);
  llama_batch_ext_free(batch);
  EXPECT_TRUE(told().empty());
}

TEST_F(Probe, ACopyOfTheProcessLeavesTheRingAlone) {
  llama_batch batch = old_batch({{0, 0, 1}});
  const pid_t child = fork();
  if (child == 0) {
    llama_decode(context_, batch);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(drain().empty());
  llama_batch_free(batch);
}

}  // namespace
}  // namespace llt::probe_test
