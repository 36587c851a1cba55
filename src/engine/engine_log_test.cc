#include "engine/engine_log.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "engine/output_reader.h"

namespace llt::engine {
namespace {

LogFacts facts_of(std::initializer_list<std::string_view> lines) {
  LogFacts facts;
  for (const auto line : lines) read_log_facts(parse_log_line(line).text, facts);
  return facts;
}

TEST(LogLineTest, StripsTimeAndLevel) {
  const auto line = parse_log_line("0.00.016.538 W srv  llama_server: security: no API key is set");
  EXPECT_EQ(line.level, LogLevel::warning);
  EXPECT_TRUE(line.has_level);
  EXPECT_EQ(line.text, "srv  llama_server: security: no API key is set");
}

TEST(LogLineTest, OlderReleasesHaveNoTime) {
  const auto line = parse_log_line("E srv    load_model: failed to load model");
  EXPECT_EQ(line.level, LogLevel::error);
  EXPECT_EQ(line.text, "srv    load_model: failed to load model");
}

TEST(LogLineTest, BareLinesAreKept) {
  EXPECT_EQ(parse_log_line("llama_context: n_ctx = 8192").text, "llama_context: n_ctx = 8192");
  EXPECT_EQ(parse_log_line("error: invalid argument: --nope").level, LogLevel::error);
  EXPECT_FALSE(parse_log_line("I").has_level);
  EXPECT_EQ(parse_log_line("").text, "");
}

TEST(LogLineTest, ColoursAndControlBytesGo) {
  EXPECT_EQ(parse_log_line("\x1b[32m0.00.001.000 \x1b[0mI srv  x\r").text, "srv  x");
  EXPECT_EQ(parse_log_line("\x1b[").text, "");
}

TEST(LogFactsTest, CurrentRelease) {
  const auto facts = facts_of({
      "0.00.037.139 I load_backend: loaded CPU backend from /x/libggml-cpu-zen4.so",
      "0.00.037.304 I cmn  common_param: common_params_print_info: build 11434 (a1b2c3d) with GNU 12.2.0 for "
      "Linux x86_64",
      "0.00.037.411 I cmn  common_param: system_info: n_threads = 3 (n_threads_batch = 3) / 4 | CPU : SSE3 = "
      "1 |",
      "0.00.173.452 I print_info: file type   = Q4_1",
      "0.00.230.455 I print_info: arch                  = llama",
      "0.00.298.866 I llama_context: n_ctx                 = 8192",
      "0.00.298.866 I llama_context: n_ctx_seq             = 4096",
      "0.00.298.868 I llama_context: flash_attn            = auto",
      "0.00.387.186 I resolve_fused_ops: Flash Attention enabled",
      "0.00.500.875 I srv    load_model: initializing, n_slots = 4, n_ctx_slot = 8192, kv_unified = 'true'",
      "0.00.505.093 I srv  llama_server: model loaded",
  });
  EXPECT_EQ(facts.backend, "CPU zen4");
  EXPECT_EQ(facts.build, "b11434");
  EXPECT_EQ(facts.commit, "a1b2c3d");
  EXPECT_EQ(facts.threads, 3);
  EXPECT_EQ(facts.quantization, "Q4_1");
  EXPECT_EQ(facts.architecture, "llama");
  EXPECT_EQ(facts.context_tokens, 8192);
  EXPECT_EQ(facts.slots, 4);
  EXPECT_EQ(facts.flash_attention, true);
  EXPECT_TRUE(facts.model_loaded);
}

TEST(LogFactsTest, BuildWithoutGitIsUnknown) {
  const auto facts =
      facts_of({"common_params_print_info: build 0 (unknown) with GNU 12.2.0 for Linux x86_64"});
  EXPECT_EQ(facts.build, "");
  EXPECT_EQ(facts.commit, "");
}

TEST(LogFactsTest, OlderWordings) {
  EXPECT_EQ(facts_of({"build: 6000 (abcdef12) with cc for x86_64-linux-gnu"}).build, "b6000");
  EXPECT_EQ(facts_of({"llama_context: flash_attn    = 1"}).flash_attention, true);
  EXPECT_EQ(facts_of({"llama_context: flash_attn    = 0"}).flash_attention, false);
  EXPECT_EQ(facts_of({"llama_context: Flash Attention was auto, set to enabled"}).flash_attention, true);
}

TEST(LogFactsTest, FlashAttentionIsWhatWasDoneNotWhatWasAsked) {
  EXPECT_EQ(facts_of({"llama_context: flash_attn            = auto"}).flash_attention, std::nullopt);
  EXPECT_EQ(facts_of({"llama_context: flash_attn            = auto",
                      "resolve_fused_ops: Flash Attention not supported, set to disabled"})
                .flash_attention,
            false);
  // A second context that runs without is told, whatever the first one does.
  EXPECT_EQ(facts_of({"llama_context: flash_attn = enabled", "llama_context: flash_attn = disabled"})
                .flash_attention,
            false);
}

TEST(LogFactsTest, SeveralBackends) {
  const auto facts = facts_of({"load_backend: loaded CUDA backend from /x/libggml-cuda.so",
                               "load_backend: loaded CPU backend from /x/libggml-cpu-haswell.so"});
  EXPECT_EQ(facts.backend, "CUDA, CPU haswell");
}

TEST(LineSplitterTest, AnySplitGivesTheSameLines) {
  const std::string text = "one\n\ntwo and more\nrest";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    const auto take = [&](std::string_view line) { lines.emplace_back(line); };
    splitter.feed(std::string_view(text).substr(0, cut), take);
    splitter.feed(std::string_view(text).substr(cut), take);
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "", "two and more"}));
    EXPECT_EQ(splitter.take_rest(), "rest");
  }
}

TEST(LineSplitterTest, EndlessLineStaysBounded) {
  LineSplitter splitter;
  std::size_t longest = 0;
  const auto take = [&](std::string_view line) { longest = line.size(); };
  for (int i = 0; i < 100; ++i) splitter.feed(std::string(1000, 'x'), take);
  splitter.feed("\n", take);
  EXPECT_EQ(longest, LineSplitter::kMaxLine);
}

TEST(LastWordsTest, ErrorsComeBeforeChatter) {
  const std::vector<LogLine> lines{parse_log_line("0.00.000.001 I srv  a"),
                                   parse_log_line("0.00.000.002 E srv  broken"),
                                   parse_log_line("0.00.000.003 I srv  cleaning up")};
  EXPECT_EQ(last_words(lines, 5), std::vector<std::string>{"srv  broken"});
}

TEST(LastWordsTest, WithoutErrorsTheLastLines) {
  std::vector<LogLine> lines;
  for (int i = 0; i < 9; ++i) lines.push_back(parse_log_line("line " + std::to_string(i)));
  EXPECT_EQ(last_words(lines, 2), (std::vector<std::string>{"line 7", "line 8"}));
}

}  // namespace
}  // namespace llt::engine
