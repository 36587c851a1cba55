#include "app/settings.h"

#include <gtest/gtest.h>

#include <cstring>

#include "app/config_file.h"
#include "app/up_options.h"

namespace llt::app {
namespace {

const char* no_environment(const char*) { return nullptr; }

ConfigFile config(std::string_view text) {
  auto file = parse_config(text, "test.toml");
  EXPECT_TRUE(file) << file.error().message;
  return file.value_or(ConfigFile{});
}

Settings from_flags(const FlagValues& flags) { return Settings::resolve(flags, no_environment, {}).value(); }

TEST(Config, TakesTextsNumbersFlagsAndLists) {
  const auto file =
      config("ctx = 4096\nmodel = \"a.gguf\"\ninsecure = true\nupstream = [\"http://a\", \"http://b\"]\n");
  EXPECT_EQ(file.entries.at("ctx").items, std::vector<std::string>{"4096"});
  EXPECT_EQ(file.entries.at("insecure").items, std::vector<std::string>{"true"});
  EXPECT_EQ(file.entries.at("upstream").items.size(), 2u);
  EXPECT_EQ(file.entries.at("upstream").line, 4);
}

TEST(Config, NamesTheLineOfWhatIsWrong) {
  const auto broken = parse_config("a = 1\nb = = 2\n", "test.toml");
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.starts_with("test.toml:2:")) << broken.error().message;
  const auto table = parse_config("\n[engine]\nctx = 1\n", "test.toml");
  ASSERT_FALSE(table);
  EXPECT_TRUE(table.error().message.starts_with("test.toml:2:")) << table.error().message;
}

TEST(Settings, RefusesUnknownKeysByLine) {
  const auto settings = Settings::resolve({}, no_environment, config("ctx = 1\ncontext = 2\n"));
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message, "test.toml:2: unknown key 'context'");
}

TEST(Settings, FlagBeatsEnvironmentBeatsFile) {
  const auto environment = [](const char* name) {
    if (std::strcmp(name, "LLAMATELEMETRY_CTX") == 0) return "2";
    return std::strcmp(name, "LLAMATELEMETRY_STORE_MAX") == 0 ? "2MB" : nullptr;
  };
  const auto file = config("ctx = 3\nstore-max = \"3MB\"\nretention = \"3d\"\n");
  const auto settings = Settings::resolve({{"ctx", {"1"}}}, environment, file).value();
  EXPECT_EQ(settings.text("ctx"), "1");
  EXPECT_EQ(settings.text("store-max"), "2MB");
  EXPECT_EQ(settings.text("retention"), "3d");
  EXPECT_EQ(settings.find("store-max")->where, "LLAMATELEMETRY_STORE_MAX");
  EXPECT_EQ(settings.find("retention")->where, "test.toml:3: retention");
}

TEST(Settings, AnEmptyVariableIsNone) {
  const auto settings = Settings::resolve(
                            {}, [](const char*) { return ""; }, config("ctx = 3\n"))
                            .value();
  EXPECT_EQ(settings.text("ctx"), "3");
  EXPECT_EQ(settings.find("model"), nullptr);
}

TEST(Settings, TheEnvironmentSeparatesUpstreamsByCommas) {
  const auto environment = [](const char* name) {
    return std::strcmp(name, "LLAMATELEMETRY_UPSTREAM") == 0 ? "http://a,http://b" : nullptr;
  };
  EXPECT_EQ(Settings::resolve({}, environment, {}).value().list("upstream").size(), 2u);
}

TEST(UpOptions, HasTheDocumentedDefaults) {
  const auto options = parse_up_options(from_flags({{"data", {"/d"}}})).value();
  EXPECT_EQ(options.listen.to_string(), "127.0.0.1:8080");
  EXPECT_EQ(options.console.to_string(), "127.0.0.1:8081");
  EXPECT_EQ(options.retention_ns, 7ll * 86'400'000'000'000);
  EXPECT_EQ(options.store_max_bytes, 10ull << 30);
  EXPECT_EQ(options.data, "/d");
  EXPECT_FALSE(options.capture_content);
}

TEST(UpOptions, SaysWhereAWrongValueStood) {
  const auto options = parse_up_options(from_flags({{"store-max", {"10G"}}}));
  ASSERT_FALSE(options);
  EXPECT_TRUE(options.error().message.starts_with("--store-max: '10G'")) << options.error().message;
}

TEST(UpOptions, RefusesToListenBeyondLoopbackWithoutKeys) {
  for (const char* flag : {"listen", "console"}) {
    EXPECT_FALSE(parse_up_options(from_flags({{flag, {"0.0.0.0:9000"}}})));
    EXPECT_TRUE(parse_up_options(from_flags({{flag, {"0.0.0.0:9000"}}, {"insecure", {"true"}}})));
  }
}

TEST(UpOptions, RefusesOneAddressForBoth) {
  EXPECT_FALSE(parse_up_options(from_flags({{"listen", {"9000"}}, {"console", {"127.0.0.1:9000"}}})));
  EXPECT_TRUE(parse_up_options(from_flags({{"listen", {"127.0.0.1:0"}}, {"console", {"127.0.0.1:0"}}})));
}

TEST(UpOptions, RefusesEngineArgumentsThatAreOurs) {
  for (const char* argument : {"--host", "--port", "-m", "--model", "--api-key", "--port=80"}) {
    EXPECT_FALSE(parse_up_options(from_flags({{"args", {argument, "x"}}}))) << argument;
  }
  EXPECT_FALSE(parse_up_options(from_flags({{"ctx", {"512"}}, {"args", {"-c", "512"}}})));
  EXPECT_TRUE(parse_up_options(from_flags({{"args", {"-c", "512", "--mlock"}}})));
}

TEST(UpOptions, AnUpstreamAndAnEngineOfOurOwnExcludeEachOther) {
  EXPECT_FALSE(parse_up_options(from_flags({{"upstream", {"http://a"}}, {"model", {"m.gguf"}}})));
  EXPECT_FALSE(parse_up_options(from_flags({{"upstream", {"http://a", "http://a/"}}})));
  EXPECT_FALSE(parse_up_options(from_flags({{"upstream", {"ftp://a"}}})));
}

TEST(UpOptions, AModelFlagOverridesAnUpstreamOfTheFile) {
  const auto file = config("upstream = \"http://a\"\n");
  const auto own = Settings::resolve({{"model", {"m.gguf"}}}, no_environment, file).value();
  EXPECT_TRUE(parse_up_options(own)->upstreams.empty());
  const auto attached = Settings::resolve({}, no_environment, file).value();
  EXPECT_EQ(parse_up_options(attached)->upstreams.size(), 1u);
}

}  // namespace
}  // namespace llt::app
