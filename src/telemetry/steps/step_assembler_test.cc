#include "telemetry/steps/step_assembler.h"

#include <gtest/gtest.h>

#include <cstring>

namespace llt::telemetry {
namespace {

class Kept final : public StepSink {
 public:
  void on_step(const Step& step) override { steps.push_back(step); }
  void on_change(const CacheChange& change) override { changes.push_back(change); }
  void on_blocks(const BlockHashes& told) override { blocks.push_back(told); }
  void on_copy(const StateCopy& copy) override { copies.push_back(copy); }
  void on_context(const EngineContext& made) override { contexts.push_back(made); }
  std::vector<Step> steps;
  std::vector<CacheChange> changes;
  std::vector<BlockHashes> blocks;
  std::vector<StateCopy> copies;
  std::vector<EngineContext> contexts;
};

std::vector<llt_probe_record> step_group(std::uint64_t order, std::uint16_t context, std::uint32_t tokens) {
  std::vector<llt_probe_record> group(2);
  std::memset(group.data(), 0, group.size() * sizeof group[0]);
  llt_probe_step& step = group[0].step;
  step.head = {LLT_PROBE_STEP, 2, context, 0, order};
  step.start = order * 1000;
  step.finish = step.start + 500;
  step.tokens = tokens;
  step.outputs = 1;
  step.sequences = 1;
  group[1].members.kind = LLT_PROBE_MEMBERS;
  group[1].members.count = 1;
  group[1].members.members[0] = {2, tokens, 1, 0, static_cast<std::int32_t>(tokens) - 1};
  return group;
}

llt_probe_record sync_of(std::uint64_t step) {
  llt_probe_record record{};
  record.sync.head = {LLT_PROBE_SYNC, 1, 0, 0, step + 1};
  record.sync.step = step;
  record.sync.at = step * 1000 + 800;
  return record;
}

class Assembler : public ::testing::Test {
 protected:
  bool take(const std::vector<llt_probe_record>& group) { return assembler.take(group); }
  bool take(const llt_probe_record& record) { return assembler.take({&record, 1}); }
  Kept kept;
  StepAssembler assembler{kept};
};

TEST_F(Assembler, AStepWaitsForItsResults) {
  EXPECT_TRUE(take(step_group(1, 0, 5)));
  EXPECT_TRUE(kept.steps.empty());
  EXPECT_TRUE(take(sync_of(1)));
  ASSERT_EQ(kept.steps.size(), 1u);
  EXPECT_EQ(kept.steps[0].end(), 1800);
  EXPECT_EQ(kept.steps[0].members[0].slot, 2);
}

TEST_F(Assembler, AStepIsGivenOnByTheNextOneOrByTime) {
  take(step_group(1, 0, 5));
  take(step_group(3, 0, 1));
  ASSERT_EQ(kept.steps.size(), 1u);
  EXPECT_FALSE(kept.steps[0].synced);
  EXPECT_EQ(kept.steps[0].end(), 1500);
  assembler.flush(3000);
  EXPECT_EQ(kept.steps.size(), 1u);
  assembler.flush(4000);
  EXPECT_EQ(kept.steps.size(), 2u);
}

TEST_F(Assembler, TheFirstLivingContextIsTheTargets) {
  take(step_group(1, 0, 5));
  take(step_group(2, 1, 5));
  llt_probe_record gone{};
  gone.head = {LLT_PROBE_CONTEXT_END, 1, 0, 0, 3};
  take(gone);
  take(step_group(4, 1, 5));
  assembler.flush(1'000'000);
  ASSERT_EQ(kept.steps.size(), 3u);
  EXPECT_EQ(kept.steps[0].context, StepContext::target);
  EXPECT_EQ(kept.steps[1].context, StepContext::draft);
  EXPECT_EQ(kept.steps[2].context, StepContext::target);
}

TEST_F(Assembler, DamageIsRefused) {
  auto group = step_group(1, 0, 5);
  group[0].step.finish = 0;
  EXPECT_FALSE(take(group));
  group = step_group(1, 0, 5);
  group[0].step.tokens = 4;
  EXPECT_FALSE(take(group)) << "members have more tokens than the batch";
  group = step_group(1, 0, 5);
  group[1].members.members[0].sequence = -3;
  EXPECT_FALSE(take(group));
  group = step_group(1, 0, 5);
  group[0].step.sequences = 2;
  EXPECT_FALSE(take(group));
  llt_probe_record unknown{};
  unknown.head = {99, 1, 0, 0, 3};
  EXPECT_FALSE(take(unknown));
  EXPECT_FALSE(assembler.take({}));
  assembler.flush(1'000'000);
  EXPECT_TRUE(kept.steps.empty());
}

}  // namespace
}  // namespace llt::telemetry
