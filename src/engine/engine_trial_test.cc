#include "engine/engine_trial.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace llt::engine {
namespace {

namespace fs = std::filesystem;

// A program that prints what an engine did. Tests run at the same time, so each has its own.
class Engine {
 public:
  explicit Engine(std::string_view prints) {
    std::string name = (fs::temp_directory_path() / "llt-engine-trial-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(program()) << "#!/bin/sh\ncat <<'END'\n" << prints << "END\n";
    fs::permissions(program(), fs::perms::owner_all);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() { fs::remove_all(folder_); }
  [[nodiscard]] fs::path program() const { return folder_ / "engine"; }

 private:
  fs::path folder_;
};

TEST(TryEngine, TakesTheIndentedLinesAsDevices) {
  const Engine engine(
      "Available devices:\n"
      "  CUDA0: NVIDIA H200 (143155 MiB, 142629 MiB free)\n"
      "load_backend: loaded CPU backend from libggml-cpu-haswell.so\n"
      "  \n"
      "  CUDA1: NVIDIA H200 (143155 MiB, 142629 MiB free)\n");
  const auto trial = try_engine(engine.program(), 5'000);
  ASSERT_TRUE(trial.has_value());
  ASSERT_EQ(trial->devices.size(), 2u);
  EXPECT_EQ(trial->devices[1], "CUDA1: NVIDIA H200 (143155 MiB, 142629 MiB free)");
}

// Its log is written by another thread and may come late.
TEST(TryEngine, TakesNoLineOfTheLogForADevice) {
  const Engine engine(
      "Available devices:\n  (none)\nload_backend: loaded CPU backend from libggml-cpu-haswell.so\n");
  const auto trial = try_engine(engine.program(), 5'000);
  ASSERT_TRUE(trial.has_value());
  EXPECT_TRUE(trial->devices.empty());
}

}  // namespace
}  // namespace llt::engine
