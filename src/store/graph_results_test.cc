#include "store/graph_results.h"

#include <gtest/gtest.h>

#include "store/test_support.h"

namespace llt::store {
namespace {

GraphResult sample() {
  GraphResult result;
  result.run.run_id = "0123";
  result.run.algorithm = "louvain";
  result.run.modularity = 0.25;
  result.run.directed = true;
  result.values.resize(3);
  result.values[1].id = std::string("a\0b", 3);
  result.values[2].value = -0.5;
  return result;
}

TEST(GraphResults, ComeBackAsTheyWere) {
  const auto back = graph_result_from(to_bytes(sample()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, sample());
}

TEST(GraphResults, CutOffAnywhereAreRefused) {
  const std::string bytes = to_bytes(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(graph_result_from(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(graph_result_from(bytes + "x"));
}

TEST(GraphResults, NeedAStore) {
  const testing::TempDir dir;
  const auto file = hand_in(dir.path(), sample());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::not_found);
}

TEST(GraphResults, AreStoredOnceHoweverOftenTheyAreHandedIn) {
  const testing::TempDir dir;
  testing::must_open(dir.path(), testing::keep_all()).reset();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(hand_in(dir.path(), sample()));
    auto store = testing::must_open(dir.path(), testing::keep_all());
    store->close();
    EXPECT_TRUE(handed_in(dir.path()).empty());
  }
  auto store = testing::must_open(dir.path(), testing::keep_all());
  EXPECT_EQ(testing::ask(*store, "SELECT count(*) FROM graph_runs"), "1");
  EXPECT_EQ(testing::ask(*store, "SELECT count(*) FROM graph_values"), "3");
}

}  // namespace
}  // namespace llt::store
