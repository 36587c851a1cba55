#include "placement/layer_split.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace llt::placement {
namespace {

struct Case {
  std::size_t layers;
  std::vector<double> shares;
  std::optional<std::uint64_t> offloaded;
  std::vector<std::ptrdiff_t> layers_on;  ///< of the host, then of each card
  int output;
};

class LayerSplit : public testing::TestWithParam<Case> {};

TEST_P(LayerSplit, IsThatOfLlamaCpp) {
  const Case& c = GetParam();
  const std::vector<int> homes = layer_homes(c.layers, c.shares, c.offloaded);
  ASSERT_EQ(homes.size(), c.layers + 1);
  for (int home = kHost; home < static_cast<int>(c.layers_on.size()) - 1; ++home) {
    EXPECT_EQ(std::count(homes.begin(), homes.end() - 1, home),
              c.layers_on[static_cast<std::size_t>(home + 1)])
        << home;
  }
  EXPECT_EQ(homes.back(), c.output);
  EXPECT_TRUE(std::ranges::is_sorted(homes));
}

// The output counts as a layer of its own: of 33 places, 16.5 are half.
INSTANTIATE_TEST_SUITE_P(
    Table, LayerSplit,
    testing::Values(Case{32, {1, 0}, {}, {0, 32, 0}, 0}, Case{32, {0, 1}, {}, {0, 0, 32}, 1},
                    Case{32, {0.5, 0.5}, {}, {0, 17, 15}, 1}, Case{32, {1, 1}, {}, {0, 17, 15}, 1},
                    Case{32, {0.7, 0.3}, {}, {0, 24, 8}, 1}, Case{32, {3, 1, 0}, {}, {0, 25, 7, 0}, 1},
                    Case{80, {1, 1, 1, 1}, {}, {0, 21, 20, 20, 19}, 3}, Case{32, {1}, 0, {32, 0}, kHost},
                    Case{32, {1}, 1, {32, 0}, 0}, Case{32, {1}, 11, {22, 10}, 0},
                    Case{32, {1}, 999, {0, 32}, 0}, Case{32, {0.5, 0.5}, 10, {23, 5, 4}, 1},
                    Case{32, {}, {}, {32}, kHost}, Case{1, {0.99, 0.01}, {}, {0, 1, 0}, 0}));

}  // namespace
}  // namespace llt::placement
