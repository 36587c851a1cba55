#include "telemetry/content.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/losses.h"

namespace llt::telemetry {
namespace {

using nlohmann::json;

Content structure(std::string request, std::string response, Operation operation = Operation::chat) {
  RequestRecord record;
  record.operation = operation;
  record.captured_request = std::move(request);
  record.captured_response = std::move(response);
  return structure_content(record);
}

json text(const char* content) { return {{"type", "text"}, {"content", content}}; }

TEST(Content, ChatMessagesAndTools) {
  const Content content = structure(R"({
    "messages": [
      {"role": "system", "content": "be brief"},
      {"role": "user", "content": [{"type": "text", "text": "what is this"},
                                   {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                                   {"type": "image_url", "image_url": {"url": "http://x/y.png"}}]},
      {"role": "assistant", "content": null, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":1}"}}]},
      {"role": "tool", "tool_call_id": "c1", "content": "a cat"}],
    "tools": [{"type": "function", "function": {"name": "look", "description": "looks",
                                                 "parameters": {"type": "object"}}}]})",
                                    "");
  const json messages = json::parse(content.input_messages);
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0], (json{{"role", "system"}, {"parts", {text("be brief")}}}));
  EXPECT_EQ(messages[1]["parts"][1],
            (json{{"type", "blob"}, {"modality", "image"}, {"mime_type", "image/png"}, {"content", "AAAA"}}));
  EXPECT_EQ(messages[1]["parts"][2]["uri"], "http://x/y.png");
  EXPECT_EQ(messages[2]["parts"][0],
            (json{{"type", "tool_call"}, {"id", "c1"}, {"name", "look"}, {"arguments", {{"at", 1}}}}));
  EXPECT_EQ(messages[3]["parts"][0],
            (json{{"type", "tool_call_response"}, {"id", "c1"}, {"response", "a cat"}}));
  EXPECT_EQ(json::parse(content.tool_definitions)[0]["parameters"], (json{{"type", "object"}}));
  EXPECT_TRUE(content.output_messages.empty());
}

TEST(Content, StreamIsPutTogether) {
  const Content content = structure("{}",
                                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                                    "\"reasoning_content\":\"hm\"}}]}\r\n\r\n"
                                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}},"
                                    "{\"index\":1,\"delta\":{\"content\":\"B\"}}]}\n\n"
                                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},"
                                    "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
  const json messages = json::parse(content.output_messages);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0]["parts"], (json{{{"type", "reasoning"}, {"content", "hm"}}, text("Hello")}));
  EXPECT_EQ(messages[0]["finish_reason"], "stop");
  EXPECT_EQ(messages[1]["parts"][0]["content"], "B");
}

TEST(Content, StreamedToolCallsArePutTogether) {
  const Content content = structure(
      "{}",
      R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":2}"}}]},"finish_reason":"tool_calls"}]}

)");
  const json message = json::parse(content.output_messages)[0];
  EXPECT_EQ(message["parts"][0]["arguments"], (json{{"a", 2}}));
  EXPECT_EQ(message["finish_reason"], "tool_call");
}

TEST(Content, OtherApis) {
  const Content completion = structure(R"({"prompt":["a","b"]})", R"({"choices":[{"index":0,"text":"c"}]})",
                                       Operation::text_completion);
  EXPECT_EQ(json::parse(completion.input_messages).size(), 2U);
  EXPECT_EQ(json::parse(completion.output_messages)[0]["parts"][0], text("c"));

  const Content native = structure(R"({"prompt":"a"})", R"({"content":"xyz","stop_type":"limit"})");
  EXPECT_EQ(json::parse(native.output_messages)[0],
            (json{{"role", "assistant"}, {"parts", {text("xyz")}}, {"finish_reason", "length"}}));

  const Content anthropic = structure(
      R"({"system":"s","messages":[{"role":"user","content":"q"}],"tools":[{"name":"t","input_schema":{"x":1}}]})",
      R"({"type":"message","content":[{"type":"text","text":"r"},{"type":"tool_use","id":"1","name":"t","input":{}}],
          "stop_reason":"tool_use"})");
  EXPECT_EQ(json::parse(anthropic.system_instructions)[0], text("s"));
  EXPECT_EQ(json::parse(anthropic.tool_definitions)[0]["parameters"], (json{{"x", 1}}));
  EXPECT_EQ(json::parse(anthropic.output_messages)[0]["parts"].size(), 2U);
  EXPECT_EQ(json::parse(anthropic.output_messages)[0]["finish_reason"], "tool_call");

  const Content responses = structure(
      R"({"instructions":"i","input":[{"role":"user","content":[{"type":"input_text","text":"q"}]}]})",
      "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"r\"}\n\n"
      "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":["
      "{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"r\"}]}]}}\n\n");
  EXPECT_EQ(json::parse(responses.input_messages)[0]["parts"][0], text("q"));
  EXPECT_EQ(json::parse(responses.output_messages)[0]["parts"][0], text("r"));
}

TEST(Content, TooMuchTextIsCutAndTheJsonStaysValid) {
  const std::string umlauts = [] {
    std::string out;
    for (int i = 0; i < 100'000; ++i) out += "\xC3\xBC";
    return out;
  }();
  const json request = {
      {"messages", {{{"role", "user"}, {"content", umlauts}}, {{"role", "user"}, {"content", "q"}}}}};
  const auto before = loss_count(Loss::content_truncated);
  const Content content = structure(request.dump(), "");
  const json messages = json::parse(content.input_messages);
  EXPECT_EQ(messages[0]["parts"][0]["content"].get<std::string>().size(), kMaxContentBytes);
  EXPECT_EQ(messages[1]["parts"][0]["content"], "");
  EXPECT_EQ(loss_count(Loss::content_truncated), before + 1);
}

TEST(Content, NonsenseIsLeftOut) {
  for (const char* nonsense :
       {"", "null", "[]", "{", "\xFF", R"({"messages":[1,"x",null,{"content":[1,null,{"type":"text"}]}]})",
        R"({"messages":{"a":1},"tools":"x","prompt":{"y":1},"input":7})",
        R"({"choices":[1,{"delta":7,"message":"x"},{"delta":{"tool_calls":[1,{"function":3}]}}]})",
        R"({"output":[3,{"type":"message","content":4}],"status":5})",
        R"({"type":"content_block_delta","delta":3,"content_block":[]})"}) {
    const Content content = structure(nonsense, nonsense);
    for (const std::string& text :
         {content.input_messages, content.output_messages, content.tool_definitions}) {
      EXPECT_TRUE(text.empty() || json::accept(text)) << nonsense;
    }
  }
}

}  // namespace
}  // namespace llt::telemetry
