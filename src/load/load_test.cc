#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "load/arrivals.h"
#include "load/chat_stream.h"
#include "load/prompts.h"

namespace llt::load {
namespace {

using Json = nlohmann::json;

TEST(Arrivals, AreAPoissonProcess) {
  constexpr int kCount = 100'000;
  Arrivals arrivals(50, 7);
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double gap = static_cast<double>(arrivals.next_gap()) / 1e9;
    EXPECT_GE(gap, 0);
    sum += gap;
    squares += gap * gap;
  }
  const double mean = sum / kCount, deviation = std::sqrt(squares / kCount - mean * mean);
  EXPECT_NEAR(mean, 0.02, 0.0003);
  EXPECT_NEAR(deviation, mean, 0.0004);  // of an exponential distribution both are the same
  EXPECT_EQ(Arrivals(50, 3).next_gap(), Arrivals(50, 3).next_gap());
  EXPECT_NE(Arrivals(50, 3).next_gap(), Arrivals(50, 4).next_gap());
}

constexpr std::string_view kStream =
    "data: {\"prompt_progress\":{\"processed\":0}}\n\n"
    ": a comment\n\n"
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\r\n\r\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
    "data:{\"choices\":[{\"delta\":{\"reasoning_content\":\"lo\"}}]}\n\n"
    "data: not JSON\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n"
    "data: [DONE]\n\n";

TEST(ChatStream, ReadsWhateverTheCuts) {
  for (std::size_t piece = 1; piece <= kStream.size(); ++piece) {
    ChatStream stream;
    SteadyNs now = 0;
    for (std::size_t at = 0; at < kStream.size(); at += piece) stream.feed(kStream.substr(at, piece), ++now);
    const ChatAnswer& answer = stream.answer();
    ASSERT_EQ(answer.content.size(), 2u) << piece;
    EXPECT_LE(answer.content[0], answer.content[1]);
    ASSERT_TRUE(answer.queue_end);
    EXPECT_LE(*answer.queue_end, answer.content[0]);
    EXPECT_EQ(answer.input_tokens, 7u);
    EXPECT_EQ(answer.output_tokens, 2u);
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.error, "");
  }
}

TEST(ChatStream, KeepsAnErrorAndNoEnd) {
  ChatStream stream;
  stream.feed("data: {\"error\":{\"message\":\"the engine died\"}}\n\n", 1);
  EXPECT_EQ(stream.answer().error, "the engine died");
  EXPECT_FALSE(stream.answer().complete);
}

TEST(Prompts, TextHasOneALine) {
  const auto bodies = bodies_of("first\r\n\n  \nsecond \"quoted\"\n", false, {"m", 9, true});
  ASSERT_TRUE(bodies);
  ASSERT_EQ(bodies->size(), 2u);
  const Json body = Json::parse(bodies->back());
  EXPECT_EQ(body["messages"][0]["content"], "second \"quoted\"");
  EXPECT_EQ(body["model"], "m");
  EXPECT_EQ(body["max_tokens"], 9);
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["return_progress"], true);
}

TEST(Prompts, JsonLinesKeepWhatTheySay) {
  const auto bodies = bodies_of(R"({"prompt": "a", "temperature": 0}
{"messages": [{"role": "system", "content": "b"}], "max_tokens": 3, "model": "other"})",
                                true, {"m", 9, false});
  ASSERT_TRUE(bodies);
  const Json first = Json::parse(bodies->front()), second = Json::parse(bodies->back());
  EXPECT_EQ(first["messages"][0]["content"], "a");
  EXPECT_EQ(first["temperature"], 0);
  EXPECT_FALSE(first.contains("prompt"));
  EXPECT_FALSE(first.contains("return_progress"));
  EXPECT_EQ(second["max_tokens"], 3);
  EXPECT_EQ(second["model"], "other");
}

TEST(Prompts, ErrorsNameTheLine) {
  for (const char* text : {"[]", "{", R"({"prompt": 1})", R"({"messages": "x"})", "{}"}) {
    const auto bodies = bodies_of(std::string(R"({"prompt": "a"})") + "\n\n" + text, true, {});
    ASSERT_FALSE(bodies) << text;
    EXPECT_TRUE(bodies.error().message.starts_with("line 3 ")) << bodies.error().message;
  }
  EXPECT_FALSE(bodies_of("\n \n", false, {}));
}

TEST(Prompts, OursAreRequests) {
  for (const std::string& body : default_prompts({"m", 16, false}))
    EXPECT_EQ(Json::parse(body)["max_tokens"], 16);
}

}  // namespace
}  // namespace llt::load
