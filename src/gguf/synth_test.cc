// Synthetic models: readable by ourselves, reproducible, and never half there.

#include "gguf/synth.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <set>

#include "gguf/architecture.h"
#include "gguf/check.h"
#include "gguf/memory.h"
#include "gguf/synth_vocabulary.h"
#include "gguf/synth_weights.h"

namespace llt::gguf {
namespace {

namespace fs = std::filesystem;

class Synth : public testing::Test {
 protected:
  Synth() : folder_(fs::temp_directory_path() / ("llt-synth-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~Synth() override { fs::remove_all(folder_); }

  static SynthShape small() {
    SynthShape shape;
    shape.layers = 2;
    shape.embedding = 256;
    shape.feed_forward = 512;
    shape.heads = 4;
    shape.kv_heads = 2;
    shape.vocabulary = 512;
    return shape;
  }

  static bool go_on(std::uint64_t /*done*/, std::uint64_t /*total*/) { return true; }

  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(Synth, EveryTypeGivesAModelWithoutFindings) {
  for (const TensorTypeId type : synth_types()) {
    SCOPED_TRACE(tensor_type_name(type));
    SynthShape shape = small();
    shape.type = type;
    const auto made = synthesise(folder_ / "m.gguf", shape, go_on);
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_EQ(made->file_bytes, fs::file_size(folder_ / "m.gguf"));
    const auto model = ModelFile::open(folder_ / "m.gguf");
    ASSERT_TRUE(model);
    for (const Finding& finding : check(*model)) ADD_FAILURE() << finding.where << ": " << finding.message;
    EXPECT_EQ(model->find_tensor("blk.1.ffn_down.weight")->type, type);
  }
}

TEST_F(Synth, ExpertsHaveTensorsOfThreeDimensions) {
  SynthShape shape = small();
  shape.experts = 4;
  ASSERT_TRUE(synthesise(folder_ / "m.gguf", shape, go_on));
  const auto model = ModelFile::open(folder_ / "m.gguf");
  ASSERT_TRUE(model);
  EXPECT_TRUE(check(*model).empty());
  EXPECT_EQ(model->find_tensor("blk.0.ffn_up_exps.weight")->extents[2], 4u);
  EXPECT_EQ(model->find_tensor("blk.0.ffn_up.weight"), nullptr);
  EXPECT_EQ(model->metadata().unsigned_at("llama.expert_used_count"), 2u);
}

TEST_F(Synth, AWindowMakesGemma) {
  SynthShape shape = small();
  shape.layers = 6;
  shape.window = 64;
  ASSERT_TRUE(synthesise(folder_ / "m.gguf", shape, go_on));
  const auto model = ModelFile::open(folder_ / "m.gguf");
  ASSERT_TRUE(model);
  EXPECT_TRUE(check(*model).empty());
  const auto memory = model_memory(read_architecture(model->metadata()));
  EXPECT_EQ(memory.window, 64u);
  EXPECT_EQ(std::ranges::count_if(memory.blocks, &Block::windowed), 5);
  shape.experts = 4;
  EXPECT_FALSE(check_shape(shape));
}

TEST_F(Synth, TheSameSeedGivesTheSameBytes) {
  SynthShape shape = small();
  ASSERT_TRUE(synthesise(folder_ / "a", shape, go_on));
  ASSERT_TRUE(synthesise(folder_ / "b", shape, go_on));
  shape.seed = 2;
  ASSERT_TRUE(synthesise(folder_ / "c", shape, go_on));
  EXPECT_TRUE(content(folder_ / "a") == content(folder_ / "b"));
  EXPECT_FALSE(content(folder_ / "a") == content(folder_ / "c"));
}

TEST_F(Synth, StoppedHalfWayLeavesNothing) {
  const auto made = synthesise(folder_ / "m.gguf", small(),
                               [](std::uint64_t done, std::uint64_t total) { return done < total / 2; });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::unavailable);
  EXPECT_EQ(files(), 0u);
}

TEST_F(Synth, ADestinationThatIsNoFileIsLeftAlone) {
  EXPECT_EQ(synthesise(folder_, small(), go_on).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(synthesise("/dev/null", small(), go_on).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(synthesise(folder_ / "no" / "m", small(), go_on).error().code, ErrorCode::not_found);
}

TEST_F(Synth, ImpossibleShapesAreRefusedByName) {
  const auto refused = [](std::string_view flag, std::uint64_t SynthShape::*member, std::uint64_t value) {
    SynthShape shape = small();
    shape.*member = value;
    const auto checked = check_shape(shape);
    return !checked && checked.error().message.find(flag) != std::string::npos;
  };
  EXPECT_TRUE(check_shape(small()));
  EXPECT_TRUE(refused("--layers", &SynthShape::layers, 0));
  EXPECT_TRUE(refused("--layers", &SynthShape::layers, 513));
  EXPECT_TRUE(refused("--embd", &SynthShape::embedding, 260));  // no multiple of the block
  EXPECT_TRUE(refused("--embd", &SynthShape::embedding, 1ull << 40));
  EXPECT_TRUE(refused("--ff", &SynthShape::feed_forward, 500));
  EXPECT_TRUE(refused("--embd", &SynthShape::heads, 3));
  EXPECT_TRUE(refused("--heads", &SynthShape::heads, 0));
  EXPECT_TRUE(refused("--kv-heads", &SynthShape::kv_heads, 8));
  EXPECT_TRUE(refused("--kv-heads", &SynthShape::kv_heads, 3));
  EXPECT_TRUE(refused("--vocab", &SynthShape::vocabulary, 355));
  EXPECT_TRUE(refused("--ctx", &SynthShape::context, 0));
  EXPECT_TRUE(refused("--experts", &SynthShape::experts, 1025));
  EXPECT_TRUE(refused("--experts-used", &SynthShape::experts, 1));  // 2 are used
}

TEST(SynthVocabulary, TokensAreUniqueAndValid) {
  const SynthVocabulary words = make_synth_vocabulary(50'000);
  EXPECT_EQ(words.tokens.size(), 50'000u);
  EXPECT_EQ(words.scores.size(), 50'000u);
  EXPECT_EQ(words.types.size(), 50'000u);
  EXPECT_EQ(words.silent, 261u);
  EXPECT_EQ(std::set(words.tokens.begin(), words.tokens.end()).size(), 50'000u);
  EXPECT_EQ(words.tokens[kSynthEndOfTurn], "<|im_end|>");
  EXPECT_EQ(words.tokens[5 + 10], "<0x0A>");
}

TEST(SynthWeights, HalfPrecision) {
  EXPECT_EQ(to_half(1), 0x3c00);
  EXPECT_EQ(to_half(-2), 0xc000);
  EXPECT_EQ(to_half(65504), 0x7bff);
  EXPECT_EQ(to_half(65520), 0x7c00);
  EXPECT_EQ(to_half(0x1p-24), 1);
  EXPECT_EQ(to_half(0x1p-14), 0x0400);
  EXPECT_EQ(to_half(0.1), 0x2e66);
  EXPECT_EQ(to_half(2047.9), 0x6800);  // rounds up into the next power of two
}

}  // namespace
}  // namespace llt::gguf
