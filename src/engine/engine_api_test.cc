#include "engine/engine_api.h"

#include <gtest/gtest.h>

namespace llt::engine {
namespace {

TEST(PropsTest, LlamaServer) {
  const auto props = parse_props(R"({"default_generation_settings":{"params":{},"n_ctx":8192},"total_slots":4,
    "model_alias":"smol","model_ftype":"Q4_1","model_path":"/m/smol.gguf","endpoint_slots":true,
    "endpoint_metrics":false,"build_info":"b11434-a1b2c3d"})");
  ASSERT_TRUE(props);
  EXPECT_EQ(props->model_path, "/m/smol.gguf");
  EXPECT_EQ(props->model_alias, "smol");
  EXPECT_EQ(props->quantization, "Q4_1");
  EXPECT_EQ(props->context_tokens, 8192);
  EXPECT_EQ(props->slots, 4);
  EXPECT_EQ(props->build, "b11434");
  EXPECT_EQ(props->commit, "a1b2c3d");
  EXPECT_TRUE(props->has_slots_endpoint);
  EXPECT_FALSE(props->has_metrics_endpoint);
}

TEST(PropsTest, UnknownStaysUnknown) {
  const auto props = parse_props(R"({"build_info":"b0-unknown","total_slots":"four"})");
  ASSERT_TRUE(props);
  EXPECT_EQ(props->build, "");
  EXPECT_EQ(props->commit, "");
  EXPECT_EQ(props->slots, std::nullopt);
  EXPECT_EQ(props->context_tokens, std::nullopt);
}

TEST(PropsTest, OtherDocumentsAreNotProps) {
  for (const char* text : {"", "{", "[]", "null", "{}", R"({"error":{"code":404}})", "\xff\xfe"}) {
    EXPECT_FALSE(parse_props(text)) << text;
  }
}

TEST(ModelsTest, IdsBeforeAliases) {
  const auto list = parse_models(R"({"object":"list","data":[
    {"id":"smol","aliases":["smol","tiny"],"owned_by":"llamacpp","meta":{"ftype":"Q4_1"}},
    {"id":"other","owned_by":"llamacpp","meta":null}, 7, {"id":8}]})");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->names, (std::vector<std::string>{"smol", "other", "tiny"}));
  EXPECT_EQ(list->first_id, "smol");
  EXPECT_EQ(list->owned_by, "llamacpp");
  EXPECT_EQ(list->quantization, "Q4_1");
}

TEST(ModelsTest, NotAList) {
  for (const char* text : {"{}", R"({"data":{}})", R"({"data":null})", "[1]", "x"})
    EXPECT_FALSE(parse_models(text));
}

TEST(SlotsTest, CountsBusyOnes) {
  const auto counts =
      parse_slots(R"([{"id":0,"is_processing":true},{"id":1,"is_processing":false},{"id":2}])");
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->total, 3);
  EXPECT_EQ(counts->busy, 1);
  EXPECT_FALSE(parse_slots(R"({"error":"no"})"));
  EXPECT_FALSE(parse_slots("[1]"));
}

TEST(MetricTest, PlainAndLabelled) {
  constexpr const char* kText =
      "# HELP llamacpp:requests_processing Number\n"
      "llamacpp:requests_processing_total 9\n"
      "llamacpp:requests_processing 2\n"
      "vllm:num_requests_running{model_name=\"a } b\"} 3.0\n"
      "odd:nan NaN";
  EXPECT_EQ(metric_value(kText, "llamacpp:requests_processing"), 2);
  EXPECT_EQ(metric_value(kText, "vllm:num_requests_running"), 3);
  EXPECT_EQ(metric_value(kText, "missing"), std::nullopt);
  EXPECT_EQ(metric_value("x", "x"), std::nullopt);
  EXPECT_EQ(metric_value("x{a=\"1\"}", "x"), std::nullopt);
}

TEST(VersionTest, OnlyText) {
  EXPECT_EQ(parse_version(R"({"version":"0.11.0"})"), "0.11.0");
  EXPECT_EQ(parse_version(R"({"version":11})"), "");
  EXPECT_TRUE(has_member(R"({"model_path":"/m"})", "model_path"));
  EXPECT_FALSE(has_member("[]", "model_path"));
}

}  // namespace
}  // namespace llt::engine
