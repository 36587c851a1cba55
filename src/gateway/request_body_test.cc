#include "gateway/request_body.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace llt::gateway {
namespace {

constexpr Route kChat{"/v1/chat/completions", telemetry::Operation::chat, Api::openai};
constexpr Route kMessages{"/v1/messages", telemetry::Operation::chat, Api::anthropic};

std::string with_room(std::string_view text) {
  std::string body;
  body.reserve(text.size() + 128);
  body = text;
  return body;
}

struct Measured {
  InspectedBody inspected;
  Injected injected;
  std::string body;
};

Measured measure(std::string_view text, Dialect dialect, const Route& route = kChat) {
  Measured m;
  m.body = with_room(text);
  m.inspected = inspect_request(m.body);
  m.injected = make_measurable(m.body, m.inspected, route, dialect);
  return m;
}

TEST(RequestBody, ReadsWhatTelemetryNeeds) {
  const auto m = measure(
      R"({"model":"m\u00e9","messages":[{"role":"user","content":"hi"}],"stream":false,"max_completion_tokens":7,
          "temperature":0.5,"top_p":1,"top_k":40,"seed":42,"n":2,"stop":["a","b"],"frequency_penalty":0.1,
          "presence_penalty":-0.2,"response_format":{"type":"json_schema"},"reasoning_effort":"low",
          "conversation":{"id":"conv_1"}})",
      Dialect::llama_cpp);
  const auto& p = m.inspected.parameters;
  ASSERT_TRUE(m.inspected.is_object);
  EXPECT_EQ(p.model, "mé");
  EXPECT_EQ(p.max_tokens, 7);
  EXPECT_EQ(p.temperature, 0.5);
  EXPECT_EQ(p.top_p, 1.0);
  EXPECT_EQ(p.top_k, 40);
  EXPECT_EQ(p.seed, 42);
  EXPECT_EQ(p.choice_count, 2);
  EXPECT_EQ(p.stop_sequences, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(p.output_type, "json");
  EXPECT_EQ(p.reasoning_level, "low");
  EXPECT_EQ(p.conversation_id, "conv_1");
  EXPECT_EQ(p.prompt_hash.size(), 16u);
  EXPECT_FALSE(m.injected.any());
}

TEST(RequestBody, LeavesOutMembersOfAWrongType) {
  const auto m =
      measure(R"({"model":7,"stream":"yes","temperature":"hot","n":1.5,"stop":{},"top_k":null,"seed":3})",
              Dialect::llama_cpp);
  EXPECT_TRUE(m.inspected.is_object);
  EXPECT_TRUE(m.inspected.parameters.model.empty());
  EXPECT_FALSE(m.inspected.parameters.stream);
  EXPECT_FALSE(m.inspected.parameters.temperature);
  EXPECT_FALSE(m.inspected.parameters.top_k);
  EXPECT_EQ(m.inspected.parameters.seed, 3);
}

TEST(RequestBody, DamagedBodiesAreNotTouched) {
  for (const char* text :
       {"", "   ", "null", "[1]", "{", "{\"stream\":true", "\xff\xfe", "{\"a\" 1}", "{}", "42"}) {
    const auto m = measure(text, Dialect::llama_cpp);
    EXPECT_FALSE(m.injected.any()) << text;
    EXPECT_EQ(m.body, text);
  }
}

TEST(RequestBody, AsksLlamaCppForProgress) {
  const auto m = measure(R"( {"stream":true,"messages":[]})", Dialect::llama_cpp);
  EXPECT_TRUE(m.injected.progress);
  EXPECT_FALSE(m.injected.usage);
  EXPECT_EQ(m.body, R"( {"return_progress":true,"stream":true,"messages":[]})");
}

TEST(RequestBody, AsksForTheSlotWhereTheAnswerCanNameIt) {
  const auto ask = [](std::string_view text, const Route& route, Dialect dialect = Dialect::llama_cpp) {
    std::string body = with_room(text);
    const auto inspected = inspect_request(body);
    const bool slot = make_measurable(body, inspected, route, dialect, true).slot;
    EXPECT_EQ(slot, body.find("response_fields\":[\"id_slot\"]") != std::string::npos) << body;
    EXPECT_TRUE(nlohmann::json::accept(body));
    return slot;
  };
  constexpr Route kNative{"/completion", telemetry::Operation::text_completion, Api::native};
  constexpr Route kEmbeddings{"/v1/embeddings", telemetry::Operation::embeddings, Api::openai};
  EXPECT_TRUE(ask(R"({"messages":[]})", kChat));
  EXPECT_TRUE(ask(R"({"messages":[],"stream":true})", kChat));
  EXPECT_FALSE(ask(R"({"messages":[],"verbose":false})", kChat));
  EXPECT_FALSE(ask(R"({"messages":[],"verbose":true})", kChat));
  EXPECT_FALSE(ask(R"({"prompt":"x"})", kNative));
  EXPECT_FALSE(ask(R"({"input":"x"})", kEmbeddings));
  EXPECT_FALSE(ask(R"({"messages":[]})", kMessages));
  EXPECT_FALSE(ask(R"({"messages":[]})", kChat, Dialect::vllm));
}

TEST(RequestBody, RespectsTheClientsOwnWish) {
  EXPECT_FALSE(measure(R"({"stream":true,"return_progress":true})", Dialect::llama_cpp).injected.any());
  EXPECT_FALSE(measure(R"({"stream":true,"return_progress":false})", Dialect::llama_cpp).injected.any());
  EXPECT_FALSE(
      measure(R"({"stream":true,"stream_options":{"include_usage":true}})", Dialect::vllm).injected.any());
  EXPECT_FALSE(measure(R"({"stream":true})", Dialect::llama_cpp, kMessages).injected.any());
  EXPECT_FALSE(measure(R"({"stream":true})", Dialect::openai, kMessages).injected.any());
}

TEST(RequestBody, AsksOtherServersForUsageWhateverTheOptionsLookLike) {
  for (const char* text :
       {R"({"stream":true})", R"({"stream":true,"stream_options":{}})",
        R"({"stream":true,"stream_options":null})", R"({"stream_options": { "x" : 1 },"stream":true})",
        R"({"stream":true,"stream_options":{"include_usage":false,"y":[1,{"z":2}]}})"}) {
    const auto m = measure(text, Dialect::openai);
    EXPECT_TRUE(m.injected.usage) << text;
    // nlohmann keeps the last of duplicate keys, as servers do; a null of the client's own then wins.
    const auto json = nlohmann::json::parse(m.body);
    if (std::string_view(text).find("null") == std::string_view::npos) {
      EXPECT_EQ(json["stream_options"]["include_usage"], true) << m.body;
    }
  }
}

TEST(RequestBody, FindsTheEndOfDeepAndLargeBodies) {
  std::string text =
      R"({"messages":[{"role":"user","content":")" + std::string(300'000, 'x') + R"("}],"stream":true})";
  const auto m = measure(text, Dialect::llama_cpp);
  EXPECT_TRUE(m.injected.progress);
  EXPECT_TRUE(nlohmann::json::parse(m.body)["return_progress"].get<bool>());
}

}  // namespace
}  // namespace llt::gateway
