#include "gateway/answer.h"

#include <gtest/gtest.h>

namespace llt::gateway {
namespace {

struct Answer {
  telemetry::ResponseFacts facts;
  EventContent content;
};

Answer read(std::string_view text) {
  Answer answer;
  std::string padded(text);
  padded.reserve(text.size() + 64);
  AnswerReader reader(answer.facts);
  answer.content = reader.read(padded);
  return answer;
}

TEST(Answer, FindsTheSlotAndWhereItStands) {
  const std::string text = R"({"id":"c","__verbose":{"id_slot":2},"usage":null})";
  const auto a = read(text);
  EXPECT_EQ(a.facts.slot, 2);
  EXPECT_EQ(text.substr(a.content.verbose_at, a.content.verbose_size), R"(,"__verbose":{"id_slot":2})");
  const std::string first = R"({"__verbose":{"id_slot":2},"id":"c"})";
  const auto b = read(first);
  EXPECT_EQ(first.substr(b.content.verbose_at, b.content.verbose_size), R"("__verbose":{"id_slot":2},)");
  EXPECT_EQ(read(R"({"id":"c","__verbose":7})").content.verbose_size, 0u);
}

TEST(Answer, KeepsTheFirstProgress) {
  const auto a = read(R"({"prompt_progress":{"total":90,"cache":12,"processed":12,"time_ms":0}})");
  EXPECT_EQ(a.facts.progress_total, 90);
  EXPECT_EQ(a.facts.progress_cached, 12);
}

TEST(Answer, ReadsAPlainChatAnswer) {
  const auto a = read(
      R"({"id":"c","model":"m","choices":[{"finish_reason":"length","message":{"content":"x"}}],
          "usage":{"prompt_tokens":32,"completion_tokens":6,"prompt_tokens_details":{"cached_tokens":31},
                   "completion_tokens_details":{"reasoning_tokens":4}},
          "timings":{"cache_n":31,"prompt_n":1,"prompt_ms":16.2,"predicted_n":6,"predicted_ms":81.2,
                     "draft_n":5,"draft_n_accepted":4}})");
  EXPECT_TRUE(a.content.parsed);
  EXPECT_TRUE(a.content.has_content);
  EXPECT_EQ(a.facts.id, "c");
  EXPECT_EQ(a.facts.model, "m");
  EXPECT_EQ(a.facts.input_tokens, 32);
  EXPECT_EQ(a.facts.cached_tokens, 31);
  EXPECT_EQ(a.facts.output_tokens, 6);
  EXPECT_EQ(a.facts.reasoning_tokens, 4);
  ASSERT_TRUE(a.facts.timings);
  EXPECT_DOUBLE_EQ(a.facts.timings->prompt_ms, 16.2);
  EXPECT_EQ(a.facts.timings->draft_n_accepted, 4);
}

TEST(Answer, UnknownIsNotZero) {
  const auto a = read(R"({"choices":[{"message":{"content":""}}],"usage":{}})");
  EXPECT_FALSE(a.facts.input_tokens);
  EXPECT_FALSE(a.facts.output_tokens);
  EXPECT_FALSE(a.facts.timings);
  EXPECT_FALSE(a.content.has_content);
  // An engine that does not say how much came from its cache leaves the prompt's length open.
  const auto old =
      read(R"({"content":"x","timings":{"prompt_n":4,"prompt_ms":1,"predicted_n":2,"predicted_ms":1}})");
  EXPECT_FALSE(old.facts.input_tokens);
  EXPECT_FALSE(old.facts.cached_tokens);
  EXPECT_EQ(old.facts.output_tokens, 2);
}

// Before August 2025: no cache_n, but the prompt's length and how much of it was computed.
TEST(Answer, TheCachedPartOfAPromptInOlderReleases) {
  const auto native = read(R"({"content":"x","stop":true,"tokens_evaluated":26,"tokens_predicted":5,
      "timings":{"prompt_n":4,"prompt_ms":1,"predicted_n":5,"predicted_ms":1}})");
  EXPECT_EQ(native.facts.input_tokens, 26);
  EXPECT_EQ(native.facts.cached_tokens, 22);
  const auto chat = read(R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],
      "usage":{"prompt_tokens":30,"completion_tokens":2},
      "timings":{"prompt_n":30,"prompt_ms":1,"predicted_n":2,"predicted_ms":1}})");
  EXPECT_EQ(chat.facts.input_tokens, 30);
  EXPECT_EQ(chat.facts.cached_tokens, 0);
  const auto nothing =
      read(R"({"usage":{"prompt_tokens":30,"completion_tokens":2},"timings":{"predicted_n":2}})");
  EXPECT_FALSE(nothing.facts.cached_tokens);
}

TEST(Answer, ReadsEveryApi) {
  EXPECT_EQ(
      read(R"({"content":"a","stop":true,"stop_type":"limit","tokens_evaluated":5,"tokens_predicted":3})")
          .facts.output_tokens,
      3);
  EXPECT_TRUE(read(R"({"type":"response.output_text.delta","delta":"hi"})").content.has_content);
  EXPECT_FALSE(read(R"({"type":"response.created","response":{"id":"r","status":"in_progress"}})")
                   .content.has_content);
  const auto completed = read(
      R"({"type":"response.completed","response":{"id":"r","model":"m","status":"completed",
          "usage":{"input_tokens":9,"output_tokens":4,"input_tokens_details":{"cached_tokens":2}}}})");
  EXPECT_EQ(completed.facts.input_tokens, 9);
  EXPECT_EQ(completed.facts.cached_tokens, 2);
  EXPECT_EQ(completed.facts.finish_reasons, std::vector<std::string>{"completed"});
  const auto start = read(
      R"({"type":"message_start","message":{"id":"a","model":"m","usage":{"input_tokens":3,"cache_read_input_tokens":7}}})");
  EXPECT_EQ(start.facts.input_tokens, 10);
  EXPECT_EQ(start.facts.cached_tokens, 7);
  EXPECT_TRUE(
      read(R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}})").content.has_content);
  EXPECT_TRUE(read(R"({"choices":[{"text":"t"}]})").content.has_content);
  EXPECT_TRUE(read(R"({"choices":[{"delta":{"tool_calls":[{"id":"1"}]}}]})").content.has_content);
  EXPECT_TRUE(read(R"({"choices":[{"delta":{"reasoning_content":"t"}}]})").content.has_content);
  EXPECT_TRUE(read(R"({"error":{"message":"x"}})").content.has_error);
  EXPECT_EQ(read(R"({"error":{"code":4,"message":"too long"}})").facts.error_message, "too long");
  EXPECT_FALSE(read(R"({"error":null})").content.has_error);
  EXPECT_EQ(
      read(R"({"object":"list","data":[],"usage":{"prompt_tokens":8,"total_tokens":8}})").facts.input_tokens,
      8);
}

TEST(Answer, SurvivesHostileJson) {
  for (const char* text :
       {"", "{", "[]", "null", "{\"choices\":", "{\"choices\":[", "{\"usage\":{\"prompt_tokens\":-5}}",
        "{\"timings\":[]}", "{\"choices\":{\"a\":1}}", "{\"delta\":[[[[[]]]]]}",
        "{\"usage\":{\"prompt_tokens\":99999999999999999999999}}", "{\"id\":{}}", "\xff"}) {
    const auto a = read(text);
    EXPECT_FALSE(a.facts.input_tokens) << text;
  }
}

TEST(Answer, FindsNullUsageWithItsComma) {
  const std::string text = R"({"a":1,"usage":null,"b":2})";
  const auto a = read(text);
  ASSERT_TRUE(a.content.usage_is_null);
  std::string cut = text;
  cut.erase(a.content.usage_null_at, a.content.usage_null_size);
  EXPECT_EQ(cut, R"({"a":1,"b":2})");
}

}  // namespace
}  // namespace llt::gateway
