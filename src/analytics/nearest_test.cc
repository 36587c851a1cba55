#include "analytics/nearest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "analytics/exact_nearest.h"
#include "analytics/nearest_on_gpu.h"

namespace llt::analytics {
namespace {

using Made = std::function<float(std::mt19937&, std::size_t row, std::size_t place)>;

VectorTable table_of(std::size_t rows, std::size_t dimensions, const Made& number) {
  std::mt19937 random(static_cast<unsigned>(rows * 7 + dimensions));
  VectorTable table{dimensions, {}};
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t d = 0; d < dimensions; ++d) table.values.push_back(number(random, row, d));
  }
  return table;
}

float chance(std::mt19937& random) { return std::normal_distribution<float>()(random); }

// Ten vectors, over and over, each a little off by `apart`.
Made copies(float apart) {
  return [apart](std::mt19937& random, std::size_t row, std::size_t d) {
    return std::sin(static_cast<float>(row % 10 * 1000 + d * d)) + apart * chance(random);
  };
}

std::vector<VectorTable> tables() {
  return {
      table_of(200, 40, [](auto& random, auto, auto) { return chance(random); }),
      table_of(150, 17, copies(0)),
      table_of(150, 17, copies(1e-6F)),
      table_of(150, 384, copies(1e-5F)),
      table_of(70, 1, [](auto& random, auto, auto) { return chance(random); }),
      table_of(90, 3, [](auto&, auto, auto) { return 0.7F; }),
      table_of(90, 5, [](auto&, auto row, auto d) { return (row % 2 == 0 ? 1.0F : -1.0F) * float(d + 1); }),
      table_of(120, 8,
               [](auto& random, auto row, auto) { return chance(random) * (row % 2 ? 1e18F : 1e-18F); }),
      table_of(2, 4, [](auto& random, auto, auto) { return chance(random); })};
}

// By the definition: every pair in double precision.
std::vector<Neighbour> slowly(const VectorTable& table, std::size_t count) {
  const auto exact = ExactNearest::make(table, count);
  std::vector<Neighbour> all;
  for (Vertex row = 0; row < table.size(); ++row) {
    std::vector<Neighbour> others;
    for (Vertex other = 0; other < table.size(); ++other) {
      if (other != row) others.push_back({other, exact->similarity(row, other)});
    }
    std::ranges::sort(others, nearer);
    all.insert(all.end(), others.begin(), others.begin() + static_cast<std::ptrdiff_t>(exact->count()));
  }
  return all;
}

TEST(Nearest, AreThoseOfEveryPairInDoublePrecision) {
  for (const VectorTable& table : tables()) {
    for (const std::size_t count : {1U, 7U, 60U, 1000U}) {
      const auto wanted = slowly(table, count);
      for (const unsigned threads : {1U, 3U}) {
        const auto found = nearest(table, count, threads, {});
        ASSERT_TRUE(found) << found.error().to_string();
        EXPECT_EQ(*found, wanted) << table.size() << " x " << table.dimensions << ", " << count;
      }
    }
  }
}

TEST(Nearest, OfCopiesAreExactlyAlike) {
  const auto found = nearest(table_of(50, 17, copies(0)), 4, 1, {});
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[0], (Neighbour{10, 1.0}));
  EXPECT_EQ((*found)[4 * 10], (Neighbour{0, 1.0}));
}

// As a GPU may find them: of those that single precision does not tell apart, any.
std::vector<Neighbour> candidates_of(const VectorTable& table, const ExactNearest& exact, Vertex row,
                                     double& floor) {
  std::vector<float> units(table.values.size());
  exact.write_units(units.data(), 2);
  std::vector<Neighbour> others;
  for (Vertex other = 0; other < table.size(); ++other) {
    float sum = 0;
    for (std::size_t d = 0; d < table.dimensions; ++d)
      sum += units[row * table.dimensions + d] * units[other * table.dimensions + d];
    if (other != row) others.push_back({other, sum});
  }
  std::ranges::sort(others, [](const Neighbour& a, const Neighbour& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.vertex > b.vertex;
  });
  if (others.size() > exact.candidates()) others.resize(exact.candidates());
  floor = others.size() + 1 == table.size() ? -INFINITY : others.back().similarity;
  return others;
}

TEST(ExactNearest, DoesNotDependOnWhichOfEqualsWereFound) {
  for (const VectorTable& table : tables()) {
    for (const std::size_t count : {1U, 7U, 60U}) {
      auto exact = ExactNearest::make(table, count);
      ASSERT_TRUE(exact);
      for (Vertex row = 0; row < table.size(); ++row) {
        double floor = 0;
        const auto found = candidates_of(table, *exact, row, floor);
        EXPECT_TRUE(exact->settle(row, found, floor));
      }
      exact->search_again(exact->panels(2), exact->unsure(), 2);
      EXPECT_EQ(std::move(*exact).take(), slowly(table, count)) << table.size() << " x " << table.dimensions;
    }
  }
}

TEST(ExactNearest, IsCertainWhereSinglePrecisionDecides) {
  const VectorTable table = tables()[0];
  auto exact = ExactNearest::make(table, 3);
  double floor = 0;
  const auto found = candidates_of(table, *exact, 0, floor);
  EXPECT_TRUE(exact->settle(0, found, floor));
  EXPECT_TRUE(exact->unsure().empty());
  EXPECT_TRUE(exact->settle(0, found, exact->similarity(0, found[2].vertex) - exact->margin() / 2));
  EXPECT_EQ(exact->unsure(), std::vector<Vertex>{0});
}

TEST(ExactNearest, NoticesSimilaritiesThatAreNone) {
  const VectorTable table = tables()[0];
  auto exact = ExactNearest::make(table, 3);
  double floor = 0;
  auto found = candidates_of(table, *exact, 0, floor);
  found[1].similarity += 0.001;
  EXPECT_FALSE(exact->settle(0, found, floor));
}

Result<NearestRun> find(Want want, bool gpu_chosen, const Result<NearestOnGpu>& by_gpu,
                        std::size_t count = 2) {
  return choose_and_find(tables()[0], count, 1, want, {gpu_chosen, "of its size"}, [&] { return by_gpu; },
                         {});
}

TEST(FindNearest, GoesOnWithTheCpuUnlessTheGpuIsInsistedOn) {
  const Result<NearestOnGpu> broken = fail(ErrorCode::resource_exhausted, "no memory");
  const auto wanted = nearest(tables()[0], 2, 1, {});
  const auto cpu = find(Want::automatic, true, broken);
  ASSERT_TRUE(cpu);
  EXPECT_EQ(cpu->backend, "cpu");
  EXPECT_EQ(cpu->reason, "instead of the GPU: no memory");
  EXPECT_EQ(cpu->neighbours, *wanted);
  EXPECT_EQ(find(Want::gpu, false, broken).error().message, "no memory");
  EXPECT_EQ(find(Want::automatic, false, broken)->reason, "of its size");
  EXPECT_EQ(find(Want::cpu, true, broken)->reason, "asked for");
  EXPECT_EQ(find(Want::gpu, true, broken, 0)->backend, "cpu") << "nothing to compare";
}

TEST(FindNearest, SaysWhichGpuAndWhy) {
  const Result<NearestOnGpu> found =
      NearestOnGpu{.neighbours = {{1, 0.5}}, .version = "cuVS 1", .searched_again = 3, .all_ms = 3};
  const auto chosen = find(Want::automatic, true, found);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->backend, "gpu");
  EXPECT_EQ(chosen->version, "cuVS 1");
  EXPECT_EQ(chosen->reason, "of its size");
  EXPECT_EQ(chosen->searched_again, 3U);
  EXPECT_EQ(chosen->elapsed_ms, 3);
  EXPECT_EQ(find(Want::gpu, false, found)->reason, "asked for");
}

TEST(FindNearest, TakesTheGpuForManyVectorsOnly) {
  EXPECT_FALSE(choose_nearest(32'000, 384).gpu);
  EXPECT_TRUE(choose_nearest(33'000, 384).gpu);
  EXPECT_FALSE(choose_nearest(0, 0).gpu);
  EXPECT_TRUE(choose_nearest(1'000'000, 384).gpu);
}

}  // namespace
}  // namespace llt::analytics
