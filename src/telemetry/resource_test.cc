#include "telemetry/resource.h"

#include <gtest/gtest.h>
#include <opentelemetry/sdk/resource/resource.h>

#include <nlohmann/json.hpp>

namespace llt::telemetry {
namespace {

CurrentResource make(std::map<std::string, std::string, std::less<>> variables = {}) {
  return {Options{"1.2.3", "run-1", false, 16}, fixed_environment(std::move(variables))};
}

TEST(Resource, SaysWhoWeAre) {
  const CurrentResource resource = make();
  const auto texts = resource.texts();
  EXPECT_EQ(texts.at("service.name"), "llamatelemetry");
  EXPECT_EQ(texts.at("service.version"), "1.2.3");
  EXPECT_EQ(texts.at("service.instance.id"), "run-1");
  EXPECT_EQ(texts.at("telemetry.sdk.language"), "cpp");
  EXPECT_TRUE(texts.contains("host.name"));
  EXPECT_TRUE(texts.contains("process.pid"));
  EXPECT_FALSE(texts.contains("llamatelemetry.engine.build"));
}

TEST(Resource, EnvironmentBeatsDefaultsAndServiceNameBeatsAttributes) {
  const CurrentResource attributes =
      make({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,deployment=lab%201"}});
  EXPECT_EQ(attributes.service_name(), "a");
  EXPECT_EQ(attributes.texts().at("deployment"), "lab 1");
  const CurrentResource named =
      make({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a"}, {"OTEL_SERVICE_NAME", "b"}});
  EXPECT_EQ(named.service_name(), "b");
}

TEST(Resource, EngineFactsComeLaterAndStay) {
  CurrentResource resource = make();
  const auto before = resource.get();
  EngineFacts facts;
  facts.build = "b1";
  facts.flash_attention = true;
  facts.slots = 4;
  resource.update(facts);
  const auto after = resource.get();
  EXPECT_NE(before, after);
  EXPECT_EQ(before->GetAttributes().size() + 3, after->GetAttributes().size());
  const auto told = nlohmann::json::parse(*resource.json());
  EXPECT_EQ(told["llamatelemetry.engine.build"], "b1");
  EXPECT_EQ(told["llamatelemetry.engine.flash_attention"], true);
  EXPECT_EQ(told["llamatelemetry.engine.slots"], 4);
  resource.update(facts);
  EXPECT_EQ(resource.get(), after);  // nothing new, nothing made
  resource.update(EngineFacts{});
  EXPECT_EQ(resource.get(), after);  // a restarting engine says nothing
}

}  // namespace
}  // namespace llt::telemetry
