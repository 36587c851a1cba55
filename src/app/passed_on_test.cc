#include "app/passed_on.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace llt::app {
namespace {

PassedOn read(const std::vector<std::string>& arguments,
              const std::map<std::string, std::string>& variables = {}) {
  PassedOn said = read_variables([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
  read_arguments(said, arguments);
  return said;
}

TEST(PassedOn, TakesWhatThePlanSays) {
  const PassedOn said =
      read({"-c",   "4096",           "-np", "3",   "--seed", "7",  "-ngl", "20",  "-fa", "off", "-ctk",
            "q8_0", "--cache-type-v", "f32", "-ub", "128",    "-b", "256",  "-ts", "3,1", "-sm", "row",
            "-kvu"});
  const placement::EngineOptions& o = said.options;
  EXPECT_EQ(o.context, 4096u);
  EXPECT_EQ(o.parallel, 3u);
  EXPECT_EQ(o.offloaded_layers, 20u);
  EXPECT_EQ(o.flash_attention, placement::FlashAttention::off);
  EXPECT_EQ(gguf::tensor_type_name(o.key_type), "q8_0");
  EXPECT_EQ(gguf::tensor_type_name(o.value_type), "f32");
  EXPECT_EQ(o.batch, 256u);
  EXPECT_EQ(o.micro_batch, 128u);
  EXPECT_EQ(o.tensor_split, (std::vector<double>{3, 1}));
  EXPECT_EQ(o.split_mode, placement::SplitMode::row);
  EXPECT_EQ(o.shared_cache, true);
  EXPECT_EQ(said.arguments, (std::vector<std::string>{"--seed", "7"}));
}

TEST(PassedOn, LeavesWhatItCannotRead) {
  const std::vector<std::string> wrong{"-c", "many", "-np", "0", "-ctk", "q9", "-ngl", "-5", "-fa"};
  const PassedOn said = read(wrong);
  EXPECT_EQ(said.arguments, wrong);
  EXPECT_FALSE(said.options.context || said.options.parallel || said.options.offloaded_layers);
}

TEST(PassedOn, KnowsTheSpecialValues) {
  EXPECT_TRUE(read({"-c", "0"}).trained_context);
  EXPECT_FALSE(read({"-c", "0"}).options.context);
  EXPECT_FALSE(read({"-np", "-1"}).options.parallel);
  for (const char* all : {"all", "auto", "-1"})
    EXPECT_FALSE(read({"-ngl", all}).options.offloaded_layers) << all;
  EXPECT_EQ(read({"--no-kv-unified"}).options.shared_cache, false);
}

TEST(PassedOn, ReadsVariablesWhichAreWeaker) {
  const std::map<std::string, std::string> variables{{"LLAMA_ARG_CTX_SIZE", "512"},
                                                     {"LLAMA_ARG_N_PARALLEL", "2"}};
  EXPECT_EQ(read({}, variables).options.context, 512u);
  EXPECT_EQ(read({"-c", "1024"}, variables).options.context, 1024u);
  EXPECT_EQ(read({"-c", "1024"}, variables).options.parallel, 2u);
}

TEST(PassedOn, NamesWhatNoPlanCanCount) {
  EXPECT_EQ(read({"--device", "CUDA1"}).own_placement, "--device");
  EXPECT_EQ(read({"-sm", "none"}).own_placement, "-sm");
  EXPECT_EQ(read({}, {{"LLAMA_ARG_FIT", "on"}}).own_placement, "LLAMA_ARG_FIT");
  EXPECT_EQ(read({"-ncmoe", "4"}).uncounted, "-ncmoe");
  EXPECT_EQ(read({"-c", "1", "--seed", "1"}).own_placement + read({"-c", "1"}).uncounted, "");
}

}  // namespace
}  // namespace llt::app
