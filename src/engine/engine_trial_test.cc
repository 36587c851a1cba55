#include "engine/engine_trial.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace llt::engine {
namespace {

namespace fs = std::filesystem;

// A program that prints what an engine did.
fs::path program(std::string_view prints) {
  const fs::path path = fs::temp_directory_path() / "engine_trial_test.sh";
  std::ofstream(path) << "#!/bin/sh\ncat <<'END'\n" << prints << "END\n";
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

TEST(TryEngine, TakesTheIndentedLinesAsDevices) {
  const auto trial = try_engine(program("Available devices:\n"
                                        "  CUDA0: NVIDIA H200 (143155 MiB, 142629 MiB free)\n"
                                        "load_backend: loaded CPU backend from libggml-cpu-haswell.so\n"
                                        "  \n"
                                        "  CUDA1: NVIDIA H200 (143155 MiB, 142629 MiB free)\n"),
                                5'000);
  ASSERT_TRUE(trial.has_value());
  ASSERT_EQ(trial->devices.size(), 2u);
  EXPECT_EQ(trial->devices[1], "CUDA1: NVIDIA H200 (143155 MiB, 142629 MiB free)");
}

// Its log is written by another thread and may come late.
TEST(TryEngine, TakesNoLineOfTheLogForADevice) {
  const auto trial = try_engine(
      program("Available devices:\n  (none)\nload_backend: loaded CPU backend from libggml-cpu-haswell.so\n"),
      5'000);
  ASSERT_TRUE(trial.has_value());
  EXPECT_TRUE(trial->devices.empty());
}

}  // namespace
}  // namespace llt::engine
