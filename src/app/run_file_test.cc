#include "app/run_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "app/listen_check.h"

namespace llt::app {
namespace {

class RunFileTest : public ::testing::Test {
 protected:
  RunFileTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "llt-run-file-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~RunFileTest() override { std::filesystem::remove_all(folder_); }

  static RunInfo self() {
    return {
        getpid(), process_start_ticks(getpid()).value_or(0), "http://127.0.0.1:2", "http://127.0.0.1:1", "1",
        42};
  }

  std::filesystem::path folder_;
};

TEST_F(RunFileTest, IsFoundWhileItsProcessLivesAndIsRemovedWithIt) {
  {
    const auto file = RunFile::write(folder_, self());
    ASSERT_TRUE(file);
    const auto found = find_running(folder_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->pid, getpid());
    EXPECT_EQ(found->console, "http://127.0.0.1:2");
    EXPECT_EQ(found->started_unix_ns, 42);
    struct stat status {};
    ASSERT_EQ(::stat((folder_ / "run.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
  }
  EXPECT_FALSE(find_running(folder_));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(RunFileTest, OfAReusedProcessIdIsStale) {
  RunInfo info = self();
  info.pid_start_ticks += 1;
  const auto file = RunFile::write(folder_, info);
  EXPECT_FALSE(find_running(folder_));
}

TEST_F(RunFileTest, ThatIsDamagedIsNobody) {
  for (const char* text : {"", "{", "[]", "{\"pid\":1}", "{\"pid\":\"x\",\"pid_start_ticks\":1}"}) {
    std::ofstream(folder_ / "run.json") << text;
    EXPECT_FALSE(find_running(folder_)) << text;
  }
}

TEST_F(RunFileTest, OneLockPerFolder) {
  const auto data = folder_ / "new" / "data";
  {
    const auto first = DataLock::take(data);
    ASSERT_TRUE(first);
    const auto second = DataLock::take(data);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  }
  EXPECT_TRUE(DataLock::take(data));
}

TEST(ProcessStartTicks, KnowsTheLivingOnly) {
  EXPECT_TRUE(process_start_ticks(getpid()));
  EXPECT_FALSE(process_start_ticks(0x7fffffff));
}

TEST(ReachableUrl, TurnsWildcardsIntoLoopback) {
  EXPECT_EQ(reachable_url({"0.0.0.0", 80, {}}), "http://127.0.0.1:80");
  EXPECT_EQ(reachable_url({"::", 80, {}}), "http://[::1]:80");
  EXPECT_EQ(reachable_url({"10.0.0.1", 80, {}}), "http://10.0.0.1:80");
}

}  // namespace
}  // namespace llt::app
