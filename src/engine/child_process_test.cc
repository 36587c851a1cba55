#include "engine/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/clock.h"
#include "engine/elf_needed.h"
#include "engine/machine.h"
#include "engine/output_reader.h"
#include "engine/private_socket.h"

namespace llt::engine {
namespace {

constexpr int kLongMs = 10'000;

Result<std::unique_ptr<ChildProcess>> shell(const std::string& script) {
  return ChildProcess::spawn({"/bin/sh", {"-c", script}, {{"LLT_TEST", "given"}}});
}

bool exists(pid_t pid) {
  const auto text = read_small_file("/proc/" + std::to_string(pid) + "/stat");
  const auto close = text.rfind(") ");
  return close != std::string::npos && text[close + 2] != 'Z';
}

TEST(ChildProcessTest, OutputAndExitCode) {
  auto child = shell("echo $LLT_TEST; echo err >&2; exit 3");
  ASSERT_TRUE(child);
  OutputReader output((*child)->output_fd());
  const auto status = (*child)->wait_exit(kLongMs, -1);
  output.finish();
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->signaled);
  EXPECT_EQ(status->value, 3);
  const auto lines = output.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].text, "given");
  EXPECT_EQ(lines[1].text, "err");
}

TEST(ChildProcessTest, ExecErrorsAreTold) {
  const auto missing = ChildProcess::spawn({"/no/such/program", {}, {}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  const auto folder = ChildProcess::spawn({"/tmp", {}, {}});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::permission_denied);
  char name[] = "/tmp/llt-noexec-XXXXXX";
  const UniqueFd fd(::mkstemp(name));
  ::fchmod(fd.get(), 0700);
  std::ofstream(name) << "\x7f"
                      << "ELF but not really";
  const auto text_busy_or_noexec = ChildProcess::spawn({name, {}, {}});
  EXPECT_FALSE(text_busy_or_noexec);
  ::unlink(name);
}

TEST(ChildProcessTest, InheritsNothingButTheStandardDescriptors) {
  const UniqueFd left_open(::dup(1));  // without close-on-exec, as other libraries do
  auto child = shell("ls /proc/self/fd | wc -l");
  ASSERT_TRUE(child);
  OutputReader output((*child)->output_fd());
  ASSERT_TRUE((*child)->wait_exit(kLongMs, -1));
  output.finish();
  ASSERT_FALSE(output.lines().empty());
  EXPECT_EQ(output.lines()[0].text, "4");  // 0, 1, 2 and the folder that ls reads
}

TEST(ChildProcessTest, GrandchildrenGoToo) {
  auto child = shell("sleep 300 & echo $!; exit 0");
  ASSERT_TRUE(child);
  OutputReader output((*child)->output_fd());
  ASSERT_TRUE((*child)->wait_exit(kLongMs, -1));
  output.finish();
  ASSERT_EQ(output.lines().size(), 1u);
  const pid_t grandchild = std::stoi(output.lines()[0].text);
  const SteadyNs until = now_steady() + 5'000'000'000;
  while (exists(grandchild) && now_steady() < until) ::usleep(1000);
  EXPECT_FALSE(exists(grandchild));
}

TEST(ChildProcessTest, OwnsItselfAndItsDescendants) {
  auto child = shell("sleep 300 & echo $!; wait");
  ASSERT_TRUE(child);
  OutputReader output((*child)->output_fd());
  const SteadyNs until = now_steady() + 5'000'000'000;
  while (output.lines().empty() && now_steady() < until) ::usleep(1000);
  ASSERT_FALSE(output.lines().empty());
  EXPECT_TRUE((*child)->owns((*child)->pid()));
  EXPECT_TRUE((*child)->owns(std::stoi(output.lines()[0].text)));
  EXPECT_FALSE((*child)->owns(::getpid()));
  EXPECT_FALSE((*child)->owns(1));
  EXPECT_FALSE((*child)->owns(0));
  (*child)->signal_group(SIGKILL);
  const auto status = (*child)->wait_exit(kLongMs, -1);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->signaled);
  EXPECT_EQ(status->to_string(), "signal 9 (Killed)");
}

TEST(PrivateSocketTest, OnlyOursAndGoneAfterwards) {
  std::filesystem::path folder;
  {
    const auto socket = PrivateSocket::create();
    ASSERT_TRUE(socket);
    folder = (*socket)->folder();
    struct stat info {};
    ASSERT_EQ(::stat(folder.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    EXPECT_LE((*socket)->path().native().size(), 107u);
    std::ofstream((*socket)->path()) << "x";
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(PrivateSocketTest, LeftoversOfDeadProcessesAreRemoved) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::filesystem::path base = runtime != nullptr && *runtime == '/' ? runtime : "/tmp";
  auto child = shell("exit 0");
  ASSERT_TRUE(child);
  const auto dead = base / ("llamatelemetry-" + std::to_string((*child)->pid()) + "-1");
  ASSERT_TRUE((*child)->wait_exit(kLongMs, -1));
  std::filesystem::create_directory(dead);
  std::ofstream(dead / "engine.sock") << "x";
  ASSERT_TRUE(PrivateSocket::create());
  EXPECT_FALSE(std::filesystem::exists(dead));
}

TEST(ElfTest, ReadsOurOwnProgram) {
  EXPECT_EQ(uses_shared_library("/proc/self/exe", "libc.so"), true);
  EXPECT_EQ(uses_shared_library("/proc/self/exe", "libllama.so"), false);
  EXPECT_EQ(uses_shared_library("/etc/passwd", "libc.so"), std::nullopt);
  EXPECT_FALSE(
      elf_needed("\x7f"
                 "ELF"));
}

}  // namespace
}  // namespace llt::engine
