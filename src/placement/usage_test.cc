#include "placement/usage.h"

#include <gtest/gtest.h>

#include "placement/cuda_estimates.h"
#include "placement/model_graph.h"
#include "placement/test_models.h"

namespace llt::placement {
namespace {

constexpr Llama kSmall{.layers = 6,
                       .embedding = 256,
                       .feed_forward = 512,
                       .heads = 4,
                       .kv_heads = 2,
                       .vocabulary = 512,
                       .context = 8192};
constexpr std::uint64_t kRow = 128 * 2 * 2;  // keys and values of one token in one layer of kSmall, f16

EngineOptions slots(std::uint64_t count) {
  EngineOptions options;
  options.parallel = count;
  return options;
}

std::uint64_t kv(const ModelShape& model, const EngineOptions& options, std::uint64_t context) {
  return model_usage(model, options, context_shape(options, context), {}).host.kv_bytes;
}

struct CacheCase {
  std::uint64_t context, slots, window, tokens;  ///< tokens: cells of one layer, and within the window
  std::uint64_t windowed_tokens = 0;
};

class Cache : public testing::TestWithParam<CacheCase> {};

TEST_P(Cache, HasAsManyCellsAsLlamaCppGivesIt) {
  const CacheCase& c = GetParam();
  const ModelShape model = c.window == 0 ? llama(kSmall) : windowed(c.window, kSmall);
  const std::uint64_t layers = c.window == 0 ? 6 : 1;
  EngineOptions options = slots(c.slots);
  if (c.slots == 0) options.parallel.reset();
  EXPECT_EQ(kv(model, options, c.context), kRow * (layers * c.tokens + (6 - layers) * c.windowed_tokens));
}

INSTANTIATE_TEST_SUITE_P(Table, Cache,
                         testing::Values(CacheCase{2048, 1, 0, 2048}, CacheCase{300, 1, 0, 512},
                                         CacheCase{5000, 3, 0, 3 * 1792}, CacheCase{4096, 0, 0, 4096},
                                         CacheCase{4096, 4, 0, 4096}, CacheCase{2048, 1, 64, 2048, 768},
                                         CacheCase{4096, 4, 64, 4096, 4 * 768},
                                         CacheCase{4096, 0, 64, 4096, 768},
                                         CacheCase{8192, 0, 1024, 8192, 4608},
                                         CacheCase{256, 1, 1024, 256, 256}));

TEST(Cache, OfQuantisedTypesHasWholeBlocks) {
  EngineOptions options = slots(1);
  options.key_type = gguf::find_tensor_type("q8_0")->id;
  options.value_type = gguf::find_tensor_type("q4_0")->id;
  EXPECT_EQ(kv(llama(kSmall), options, 1024), 6u * 1024 * (128 / 32 * 34 + 128 / 32 * 18));
}

TEST(Cache, OfStatesGrowsWithTheSlotsOnly) {
  ModelShape model = llama(kSmall);
  for (LayerShape& layer : model.layers) {
    layer.memory = {};
    layer.memory.recurrent = true;
    layer.memory.state_values = 1000;
  }
  EXPECT_EQ(kv(model, slots(3), 1024), 6u * 3 * 4000);
  EXPECT_EQ(kv(model, slots(3), 65'536), 6u * 3 * 4000);
}

TEST(Usage, KeepsTheEmbeddingsInRam) {
  const ModelShape model = llama(kSmall);
  const EngineOptions options = slots(1);
  const double one[] = {1};
  const ModelUsage usage = model_usage(model, options, context_shape(options, 2048), one);
  EXPECT_EQ(usage.host.weights_bytes, model.input.bytes);
  EXPECT_EQ(usage.cards[0].weights_bytes, model.file_bytes() - model.input.bytes);
  EXPECT_EQ(usage.cards[0].layers, 6u);
  EXPECT_TRUE(usage.cards[0].output);
  EXPECT_EQ(usage.cards[0].kv_bytes, kv(model, options, 2048));
  EXPECT_EQ(usage.host.kv_bytes, 0u);
}

TEST(Usage, CopiesTiedEmbeddingsToTheCardOnly) {
  ModelShape model = llama(kSmall);
  model.tied_bytes = model.input.bytes;  // the output is the embeddings once more
  const EngineOptions options = slots(1);
  const ContextShape context = context_shape(options, 2048);
  const double one[] = {1};
  const std::uint64_t in_ram = model_usage(model, options, context, {}).host.weights_bytes;
  const ModelUsage on_card = model_usage(model, options, context, one);
  EXPECT_EQ(in_ram, model.file_bytes());
  EXPECT_EQ(on_card.host.weights_bytes + on_card.cards[0].weights_bytes,
            model.file_bytes() + model.tied_bytes);
}

TEST(Usage, GivesACardWithoutAShareNothing) {
  const EngineOptions options = slots(1);
  const double shares[] = {1, 0};
  const ModelUsage usage = model_usage(llama(kSmall), options, context_shape(options, 2048), shares);
  EXPECT_EQ(usage.cards[1].bytes(), 0u);
  EXPECT_EQ(usage.cards[1].layers, 0u);
}

TEST(Usage, SpreadsRowsButNotCachesInRowMode) {
  EngineOptions options = slots(1);
  options.split_mode = SplitMode::row;
  const double shares[] = {3, 1};
  const ModelUsage usage = model_usage(llama(kSmall), options, context_shape(options, 2048), shares);
  EXPECT_NEAR(static_cast<double>(usage.cards[0].weights_bytes),
              3.0 * static_cast<double>(usage.cards[1].weights_bytes), 64);
  EXPECT_EQ(usage.cards[0].kv_bytes, 6 * kRow * 2048 / 6 * usage.cards[0].layers);
}

TEST(Usage, ReservesFourTimesTheInputsForAPipeline) {
  const EngineOptions options = slots(1);
  const ContextShape context = context_shape(options, 8192);
  const double one[] = {1}, two[] = {1, 1};
  const std::uint64_t alone = model_usage(llama(kSmall), options, context, one).cards[0].compute_bytes;
  const std::uint64_t piped = model_usage(llama(kSmall), options, context, two).cards[0].compute_bytes;
  EXPECT_GE(piped, alone + 3 * 8192 * 512 * 2 - 4096);  // at least the masks
}

TEST(Usage, KeepsFourTimesTheInputsOfAPipelineInRamToo) {
  const EngineOptions options = slots(1);
  const ContextShape context = context_shape(options, 8192);
  const double one[] = {1}, two[] = {1, 1};
  const std::uint64_t alone = model_usage(llama(kSmall), options, context, one).host.compute_bytes;
  const std::uint64_t piped = model_usage(llama(kSmall), options, context, two).host.compute_bytes;
  EXPECT_GE(piped, alone + 3 * 8192 * 512 * 2);
  EXPECT_LE(piped, 4 * alone);
}

// What llama-server 11434 printed on two H100s (bench/gpu/placement), in MiB with two decimals.
TEST(Usage, OfBuffersIsWhatTheServerAllocatesOnOneCardAndOnTwo) {
  const EngineOptions options;
  const ContextShape context = context_shape(options, 8192);
  const double one[] = {1}, two[] = {0.5, 0.5};
  const auto mebibytes = [](std::uint64_t bytes) { return static_cast<double>(bytes) / kMebibyte; };
  const ModelUsage alone = model_usage(llama(), options, context, one);
  EXPECT_NEAR(mebibytes(alone.cards[0].compute_bytes), 124.01, 0.02);
  EXPECT_NEAR(mebibytes(alone.host.compute_bytes), 41.98, 0.05);
  const ModelUsage both = model_usage(llama(), options, context, two);
  EXPECT_NEAR(mebibytes(both.cards[0].compute_bytes), 244.05, 0.02);
  EXPECT_NEAR(mebibytes(both.cards[1].compute_bytes), 172.04, 0.02);
  EXPECT_NEAR(mebibytes(both.host.compute_bytes), 114.03, 0.05);
}

// Measured on an H200 with CUDA 13, see cuda_estimates.h.
TEST(Usage, OfAnEightBillionModelIsThatOfNvml) {
  const EngineOptions options = slots(8);
  const double one[] = {1};
  const ModelUsage usage = model_usage(llama(), options, context_shape(options, 8192), one);
  const double total = static_cast<double>(usage.cards[0].bytes() + kEngineContextBytes);
  EXPECT_NEAR(total, 6'052'380'672.0, 0.005 * 6'052'380'672.0);
}

TEST(Usage, OfQuantisedCachesOnCudaHasRoomForHalves) {
  EngineOptions options = slots(1);
  const ContextShape context = context_shape(options, 131'072);
  const double one[] = {1};
  const std::uint64_t plain = model_usage(llama(), options, context, one).cards[0].compute_bytes;
  options.key_type = options.value_type = gguf::find_tensor_type("q8_0")->id;
  const std::uint64_t quantised = model_usage(llama(), options, context, one).cards[0].compute_bytes;
  EXPECT_GT(quantised, plain + 131'072ull * 2 * 1024 * 2 / 2);
}

}  // namespace
}  // namespace llt::placement
