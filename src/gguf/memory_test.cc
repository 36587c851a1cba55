// KV bytes and states of known architectures, worked out by hand from their published shapes.

#include "gguf/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "gguf/test_files.h"

namespace llt::gguf {
namespace {

// The memory of an architecture whose metadata `write` adds, all keys without the architecture's name.
class Shape {
 public:
  Shape(std::string name, std::uint32_t blocks, std::uint32_t embedding) : name_(std::move(name)) {
    head_.add_text("general.architecture", name_);
    number("block_count", blocks).number("embedding_length", embedding);
  }
  Shape& number(const std::string& key, std::uint32_t value) {
    head_.add_u32(name_ + "." + key, value);
    return *this;
  }
  Shape& array(const std::string& key, const std::vector<std::uint32_t>& values) {
    head_.add_u32s(name_ + "." + key, values);
    return *this;
  }
  Shape& heads(std::uint32_t query, std::uint32_t key_value) {
    return number("attention.head_count", query).number("attention.head_count_kv", key_value);
  }
  [[nodiscard]] ModelMemory memory() const {
    const std::string file = head_.finish();
    const auto header = read_header(test::as_bytes(file), "f");
    LLT_CHECK(header);
    return model_memory(read_architecture(header->metadata));
  }

 private:
  std::string name_;
  HeaderWriter head_;
};

std::ptrdiff_t count(const ModelMemory& memory, bool Block::*member) {
  return std::ranges::count_if(memory.blocks, [&](const Block& b) { return b.*member; });
}

TEST(Memory, GroupedQueries) {  // Llama 3 8B
  const auto memory = Shape("llama", 32, 4096).heads(32, 8).memory();
  EXPECT_EQ(memory.kind, MemoryKind::attention);
  EXPECT_EQ(memory.kv_bytes_per_token(), 131'072u);
  EXPECT_EQ(memory.kv_bytes_per_token_beyond_window(), 131'072u);
  EXPECT_EQ(memory.state_bytes_per_sequence(), 0u);
}

TEST(Memory, WithoutHeadCountKvEveryHeadHasItsOwn) {  // Llama 2 7B
  const auto memory = Shape("llama", 32, 4096).number("attention.head_count", 32).memory();
  EXPECT_EQ(memory.kv_bytes_per_token(), 524'288u);
}

TEST(Memory, HeadsOfTheirOwnSize) {  // Qwen3 0.6B: 16 heads of 128 over 1024
  const auto memory = Shape("qwen3", 28, 1024)
                          .heads(16, 8)
                          .number("attention.key_length", 128)
                          .number("attention.value_length", 128)
                          .memory();
  EXPECT_EQ(memory.kv_bytes_per_token(), 28u * 8 * 256 * 2);
}

TEST(Memory, HeadsThatDifferFromBlockToBlock) {
  const auto memory = Shape("deci", 3, 256)
                          .number("attention.head_count", 4)
                          .array("attention.head_count_kv", {4, 0, 2})
                          .memory();
  EXPECT_EQ(memory.kv_bytes_per_token(), (4u + 0 + 2) * 128 * 2);
}

TEST(Memory, LatentAttentionCachesCompressedKeysOnly) {  // DeepSeek V3: 512 + 64 for each token and block
  const auto memory = Shape("deepseek2", 61, 7168)
                          .heads(128, 1)
                          .number("attention.key_length", 576)
                          .number("attention.value_length", 512)
                          .number("attention.key_length_mla", 192)
                          .number("attention.value_length_mla", 128)
                          .memory();
  EXPECT_TRUE(memory.latent);
  EXPECT_EQ(memory.kv_bytes_per_token(), 61u * 576 * 2);
}

TEST(Memory, WindowsByPeriod) {  // Gemma 3 1B: every sixth of 26 blocks sees everything
  const auto memory = Shape("gemma3", 26, 1152)
                          .heads(4, 1)
                          .number("attention.key_length", 256)
                          .number("attention.value_length", 256)
                          .number("attention.sliding_window", 512)
                          .memory();
  EXPECT_EQ(memory.window, 512u);
  EXPECT_EQ(count(memory, &Block::windowed), 22);
  EXPECT_FALSE(memory.blocks[5].windowed);
  EXPECT_EQ(memory.kv_bytes_per_token(), 26u * 512 * 2);
  EXPECT_EQ(memory.kv_bytes_per_token_beyond_window(), 4u * 512 * 2);
}

TEST(Memory, WindowsBeginWithAFullBlockWhereTheArchitectureSaysSo) {
  const auto memory =
      Shape("smallthinker", 8, 256).heads(4, 2).number("attention.sliding_window", 4096).memory();
  EXPECT_FALSE(memory.blocks[0].windowed);
  EXPECT_FALSE(memory.blocks[4].windowed);
  EXPECT_EQ(count(memory, &Block::windowed), 6);
}

TEST(Memory, WindowsByArrayBeatThePeriod) {
  const auto memory = Shape("gpt-oss", 4, 256)
                          .heads(4, 2)
                          .number("attention.sliding_window", 128)
                          .array("attention.sliding_window_pattern", {1, 1, 1, 0})
                          .memory();
  EXPECT_EQ(count(memory, &Block::windowed), 3);
}

TEST(Memory, PhiHasNoWindowInLlamaCpp) {
  const auto memory = Shape("phi3", 32, 3072).heads(32, 32).number("attention.sliding_window", 2047).memory();
  EXPECT_EQ(memory.window, 0u);
}

TEST(Memory, LaterBlocksShareTheCacheOfEarlierOnes) {  // Gemma 3n E2B: 20 of 30 blocks have a cache
  const auto memory = Shape("gemma3n", 30, 2048)
                          .heads(8, 2)
                          .number("attention.key_length", 256)
                          .number("attention.value_length", 256)
                          .number("attention.sliding_window", 512)
                          .memory();
  EXPECT_EQ(memory.kv_bytes_per_token(), 20u * 2 * 512 * 2);
}

TEST(Memory, RecurrentModelsHaveAStateAndNoCache) {  // Mamba 130M
  const auto memory = Shape("mamba", 24, 768)
                          .number("ssm.conv_kernel", 4)
                          .number("ssm.inner_size", 1536)
                          .number("ssm.state_size", 16)
                          .memory();
  EXPECT_EQ(memory.kind, MemoryKind::recurrent);
  EXPECT_EQ(memory.kv_bytes_per_token(), 0u);
  EXPECT_EQ(memory.state_bytes_per_sequence(), 24u * 4 * (3 * 1536 + 16 * 1536));
}

TEST(Memory, HybridsByInterval) {  // every fourth block of Qwen3-Next has attention
  const auto memory = Shape("qwen3next", 8, 2048)
                          .heads(16, 2)
                          .number("attention.key_length", 256)
                          .number("attention.value_length", 256)
                          .number("ssm.conv_kernel", 4)
                          .number("ssm.inner_size", 4096)
                          .number("ssm.state_size", 128)
                          .number("ssm.group_count", 16)
                          .memory();
  EXPECT_EQ(memory.kind, MemoryKind::hybrid);
  EXPECT_EQ(count(memory, &Block::recurrent), 6);
  EXPECT_EQ(count(memory, &Block::attention), 2);
  EXPECT_EQ(memory.kv_bytes_per_token(), 2u * 2 * 512 * 2);
  EXPECT_EQ(memory.state_bytes_per_sequence(), 6u * 4 * (3 * (4096 + 2 * 16 * 128) + 128 * 4096));
}

TEST(Memory, HybridsByMissingHeads) {
  const auto memory = Shape("jamba", 4, 256)
                          .number("attention.head_count", 4)
                          .array("attention.head_count_kv", {0, 2, 0, 0})
                          .number("ssm.conv_kernel", 4)
                          .number("ssm.inner_size", 512)
                          .number("ssm.state_size", 16)
                          .memory();
  EXPECT_EQ(count(memory, &Block::attention), 1);
  EXPECT_EQ(count(memory, &Block::recurrent), 3);
  EXPECT_EQ(memory.kv_bytes_per_token(), 2u * 128 * 2);
}

TEST(Memory, DraftBlocksHaveNone) {
  const auto memory = Shape("glm4moe", 5, 256).heads(4, 2).number("nextn_predict_layers", 1).memory();
  EXPECT_EQ(count(memory, &Block::draft), 1);
  EXPECT_EQ(memory.kv_bytes_per_token(), 4u * 2 * 128 * 2);
}

TEST(Memory, EncodersKeepNothing) {
  const auto memory = Shape("bert", 12, 768).number("attention.head_count", 12).memory();
  EXPECT_EQ(memory.kind, MemoryKind::none);
  EXPECT_EQ(memory.kv_bytes_per_token(), 0u);
}

TEST(Memory, WhatIsNotKnownIsNotGuessed) {
  const auto unknown = [](const ModelMemory& memory) {
    return memory.kind == MemoryKind::unknown && !memory.kv_bytes_per_token() &&
           !memory.why_unknown.empty() && memory.blocks.empty();
  };
  EXPECT_TRUE(unknown(Shape("some-new-thing", 4, 256).heads(4, 2).memory()));
  EXPECT_TRUE(unknown(Shape("deepseek4", 4, 256).heads(4, 2).memory()));
  EXPECT_TRUE(unknown(Shape("llama", 4, 256).memory()));                           // no heads
  EXPECT_TRUE(unknown(Shape("llama", 513, 256).heads(4, 2).memory()));             // too many blocks
  EXPECT_TRUE(unknown(Shape("llama", 4, 256).heads(4, 4'000'000'000u).memory()));  // implausible
  EXPECT_TRUE(unknown(Shape("gpt-oss", 4, 256).heads(4, 2).memory()));             // its window is missing
  EXPECT_TRUE(unknown(Shape("mimo2", 4, 256).heads(4, 2).number("attention.sliding_window", 128).memory()));
  EXPECT_TRUE(unknown(Shape("qwen35", 4, 256).heads(4, 2).number("full_attention_interval", 0).memory()));
  EXPECT_TRUE(unknown(Shape("llama", 4, 256)
                          .number("attention.head_count", 4)
                          .array("attention.head_count_kv", {1, 2})
                          .memory()) ==
              false);  // an array of the wrong length does not count, as in llama.cpp
}

}  // namespace
}  // namespace llt::gguf
