#include "engine/diagnosis.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <initializer_list>

#include "engine/machine.h"
#include "engine/model_check.h"

namespace llt::engine {
namespace {

Circumstances around() {
  Circumstances circumstances;
  circumstances.binary = "/opt/llama-server";
  circumstances.model = "/m/model.gguf";
  circumstances.model_bytes = 4ull << 30;
  circumstances.memory_available_bytes = 2ull << 30;
  return circumstances;
}

Error exit_1(std::initializer_list<std::string_view> raw, Circumstances circumstances = around()) {
  std::vector<LogLine> lines;
  for (const auto line : raw) lines.push_back(parse_log_line(line));
  return diagnose_exit({false, 1}, lines, circumstances);
}

bool says(const Error& error, std::string_view words) {
  return error.to_string().find(words) != std::string::npos;
}

TEST(DiagnosisTest, IllegalInstruction) {
  const auto error = diagnose_exit({true, SIGILL}, {}, around());
  EXPECT_TRUE(says(error, "SIGILL"));
  EXPECT_TRUE(says(error, "/opt/llama-server"));
}

TEST(DiagnosisTest, KilledForMemoryOrBySomebody) {
  auto circumstances = around();
  EXPECT_TRUE(says(diagnose_exit({true, SIGKILL}, {}, circumstances), "most likely because memory ran out"));
  circumstances.kernel_killed_for_memory = true;
  const auto memory = diagnose_exit({true, SIGKILL}, {}, circumstances);
  EXPECT_EQ(memory.code, ErrorCode::resource_exhausted);
  EXPECT_TRUE(says(memory, "the model file has 4.0 GiB, 2.0 GiB of memory were available"));
  circumstances.kernel_killed_for_memory = false;
  EXPECT_TRUE(says(diagnose_exit({true, SIGKILL}, {}, circumstances), "by somebody"));
}

TEST(DiagnosisTest, MissingLibraryQuotesTheLoader) {
  const auto error = diagnose_exit({false, 127},
                                   {parse_log_line("/opt/llama-server: error while loading shared libraries: "
                                                   "libllama.so.0: cannot open shared object file")},
                                   around());
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_TRUE(says(error, "libllama.so.0"));
}

TEST(DiagnosisTest, CausesComeBeforeConsequences) {
  const auto truncated =
      exit_1({"0.00.044.845 E llama_model_load: error loading model: tensor 'blk.16' data is not within the "
              "file bounds, model is corrupted or incomplete",
              "0.00.057.224 E srv  llama_server: exiting due to model loading error"});
  EXPECT_EQ(truncated.code, ErrorCode::data_loss);
  EXPECT_TRUE(says(truncated, "/m/model.gguf is truncated"));
  const auto memory =
      exit_1({"0.00.179.151 E llama_init_from_model: failed to initialize the context: failed to allocate "
              "buffer for kv cache",
              "0.00.179.157 E cmn  common_init_: failed to create context with model 'x'",
              "0.00.179.854 E srv  llama_server: exiting due to model loading error"});
  EXPECT_EQ(memory.code, ErrorCode::resource_exhausted);
  EXPECT_TRUE(says(memory, "failed to allocate buffer for kv cache"));
}

TEST(DiagnosisTest, Arguments) {
  EXPECT_TRUE(says(exit_1({"error: invalid argument: --nope"}), "--nope"));
  EXPECT_TRUE(says(exit_1({"error: unknown argument: --slots", "usage: llama-server [options]"}), "--slots"));
  EXPECT_TRUE(says(
      exit_1({"error while handling argument \"-t\": stoi", "usage:", "to show complete usage, run with -h"}),
      "\"-t\""));
}

TEST(DiagnosisTest, Socket) {
  EXPECT_EQ(exit_1({"E srv start: couldn't bind HTTP server socket, hostname: /x.sock, port: 8080"}).code,
            ErrorCode::already_exists);
}

TEST(DiagnosisTest, WhatWasSaidAtLoadDoesNotExplainALaterCrash) {
  auto circumstances = around();
  circumstances.was_ready = true;
  const auto error = exit_1({"E something: failed to allocate a small thing, going on"}, circumstances);
  EXPECT_TRUE(says(error, "while serving with exit code 1"));
}

TEST(DiagnosisTest, CrashQuotesTheAssertion) {
  const auto error =
      diagnose_exit({true, SIGABRT}, {parse_log_line("ggml.c:12: GGML_ASSERT(a > b) failed")}, around());
  EXPECT_TRUE(says(error, "GGML_ASSERT(a > b)"));
  EXPECT_TRUE(says(error, "signal 6"));
}

std::string head(std::uint32_t version, std::uint64_t tensors, std::uint64_t entries) {
  std::string bytes = "GGUF";
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(version >> (8 * i)));
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(tensors >> (8 * i)));
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(entries >> (8 * i)));
  return bytes;
}

TEST(ModelCheckTest, Heads) {
  EXPECT_TRUE(check_gguf_head(head(3, 272, 33), 98'362'432, "m"));
  EXPECT_FALSE(check_gguf_head("", 0, "m"));
  EXPECT_FALSE(check_gguf_head("GGUF", 4, "m"));
  EXPECT_FALSE(check_gguf_head("PK\x03\x04 and a zip file goes on", 1'000, "m"));
  EXPECT_FALSE(check_gguf_head(head(0x03000000, 1, 1), 1'000'000, "m"));  // big-endian
  EXPECT_FALSE(check_gguf_head(head(3, 1ull << 60, 1), 1'000'000, "m"));
}

TEST(MachineTest, Parsers) {
  EXPECT_EQ(kilobyte_field("MemTotal:       16 kB\nMemAvailable:   8 kB\n", "MemAvailable"), 8 * 1024u);
  EXPECT_EQ(kilobyte_field("MemTotalX: 1 kB\n", "MemTotal"), std::nullopt);
  EXPECT_EQ(kilobyte_field("", "MemTotal"), std::nullopt);
  EXPECT_DOUBLE_EQ(*parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
  EXPECT_EQ(parse_cpu_max(""), std::nullopt);
}

TEST(MachineTest, ThreadsLeaveACoreFree) {
  CpuBudget cpus{.logical = 8, .physical = 4, .quota = std::nullopt};
  EXPECT_EQ(default_engine_threads(cpus), 3);
  cpus.quota = 2.5;
  EXPECT_EQ(default_engine_threads(cpus), 1);
  cpus.quota = 0.5;
  EXPECT_EQ(default_engine_threads(cpus), 1);
  EXPECT_GE(cpu_budget().cores(), 1);
  EXPECT_GT(memory_budget().total_bytes, 0u);
}

}  // namespace
}  // namespace llt::engine
