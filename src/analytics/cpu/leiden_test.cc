#include "analytics/cpu/leiden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "analytics/cpu/kernels.h"
#include "analytics/modularity.h"
#include "analytics/test_graphs.h"

namespace llt::analytics::cpu {
namespace {

Csr rows(const EdgeList& edges) { return build_csr(edges, {.arcs = Arcs::both}); }

EdgeList list(Vertex vertices, std::initializer_list<EdgeValue> edges) {
  EdgeList graph;
  graph.vertices = vertices;
  for (const auto& [u, v, w] : edges) graph.add(u, v, w);
  return graph;
}

EdgeList random_graph(Vertex vertices, int edges, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  EdgeList graph;
  graph.vertices = vertices;
  const auto any = [&] { return static_cast<Vertex>(random() % vertices); };
  for (int e = 0; e < edges; ++e) {
    const Vertex from = any();
    graph.add(from, any(), static_cast<double>(random() % 4));
  }
  return graph;
}

std::size_t count(const std::vector<Vertex>& groups) {
  return std::set<Vertex>(groups.begin(), groups.end()).size();
}

double score(const Csr& graph, const std::vector<Vertex>& groups, double resolution = 1) {
  return modularity(graph, groups, resolution).value_or(-1);
}

// Of all groupings: groups[v] is at most one more than the largest before it.
double best_of_all(const Csr& graph, std::vector<Vertex>& groups, Vertex v, Vertex used) {
  if (v == graph.vertices()) return score(graph, groups);
  double best = -1;
  for (Vertex group = 0; group <= used; ++group) {
    groups[v] = group;
    best = std::max(best, best_of_all(graph, groups, v + 1, std::max(used, group + 1)));
  }
  return best;
}

bool connected(const Csr& graph, const std::vector<Vertex>& groups) {
  std::vector<char> seen(graph.vertices(), false);
  std::set<Vertex> met;
  for (Vertex root = 0; root < graph.vertices(); ++root) {
    if (seen[root]) continue;
    if (!met.insert(groups[root]).second) return false;  // the rest of a group that is met already
    std::vector<Vertex> part{root};
    seen[root] = true;
    for (std::size_t i = 0; i < part.size(); ++i) {
      for (std::uint64_t arc = graph.offsets[part[i]]; arc < graph.offsets[part[i] + 1]; ++arc) {
        const Vertex v = graph.targets[arc];
        if (seen[v] || groups[v] != groups[root] || graph.weight(arc) <= 0) continue;
        seen[v] = true;
        part.push_back(v);
      }
    }
  }
  return true;
}

class Both : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Groups, Both, testing::Values(false, true),
                         [](const auto& refine) { return refine.param ? "leiden" : "louvain"; });

TEST_P(Both, AreTheBestOrNearlyOnSmallGraphs) {
  Request request;
  request.algorithm = GetParam() ? Algorithm::leiden : Algorithm::louvain;
  double missed = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Csr graph = rows(random_graph(8, 14, seed));
    std::vector<Vertex> groups(8);
    const double best = best_of_all(graph, groups, 0, 0);
    const double found = *communities(graph, request).modularity;
    EXPECT_LE(found, best + 1e-12);
    EXPECT_GE(found, best - 0.03) << seed;
    missed += best - found;
  }
  EXPECT_LT(missed / 60, 0.001);
}

TEST_P(Both, LeaveNoVertexThatGainsByMoving) {
  for (const auto kind : {"random", "power-law", "weighted", "loops"}) {
    const Csr graph = rows(test_graph(kind, 400, 3));
    const double resolution = kind == std::string_view("random") ? 2.5 : 1;
    auto groups = find_groups(graph, {.resolution = resolution, .refine = GetParam()});
    const double found = score(graph, groups, resolution);
    for (Vertex v = 0; v < graph.vertices(); ++v) {
      const Vertex own = groups[v];
      std::vector<Vertex> others{graph.vertices()};  // a group of its own
      for (const Vertex u : graph.row(v)) others.push_back(groups[u]);
      for (const Vertex other : others) {
        groups[v] = other;
        EXPECT_LE(score(graph, groups, resolution), found + 1e-9) << kind;
      }
      groups[v] = own;
    }
  }
}

TEST_P(Both, TheSameSeedGivesTheSameAnswer) {
  const Csr graph = rows(test_graph("power-law", 5'000, 2));
  const GroupSearch how{.seed = 9, .refine = GetParam()};
  EXPECT_EQ(find_groups(graph, how), find_groups(graph, how));
  EXPECT_NE(find_groups(graph, how), find_groups(graph, {.seed = 8, .refine = GetParam()}));
}

TEST_P(Both, TheResolutionDecidesTheSize) {
  const Csr graph = rows(test_graph("disconnected", 400, 1));
  const auto found = [&](double resolution) {
    return count(find_groups(graph, {.resolution = resolution, .refine = GetParam()}));
  };
  EXPECT_EQ(found(0), 20U + 200U);  // what is connected, and those without an edge
  EXPECT_LT(found(1), found(60));
  EXPECT_EQ(found(1e9), graph.vertices());
}

TEST_P(Both, FollowTheWeights) {
  // A square whose heavy sides are opposite each other.
  const Csr graph = rows(list(4, {{0, 1, 1}, {1, 2, 5}, {2, 3, 1}, {3, 0, 2.5}, {3, 0, 2.5}}));
  const auto groups = find_groups(graph, {.refine = GetParam()});
  EXPECT_EQ(groups[1], groups[2]);
  EXPECT_EQ(groups[3], groups[0]);
  EXPECT_NE(groups[0], groups[1]);
}

TEST_P(Both, ALoopHoldsItsVertexBack) {
  EXPECT_EQ(count(find_groups(rows(list(2, {{0, 1, 1}})), {.refine = GetParam()})), 1U);
  const auto groups = find_groups(rows(list(3, {{0, 1, 1}, {1, 2, 1}, {0, 0, 9}})), {.refine = GetParam()});
  EXPECT_NE(groups[0], groups[1]);
  EXPECT_EQ(groups[1], groups[2]);
}

TEST_P(Both, TakeWhatHasNoEdges) {
  const GroupSearch how{.refine = GetParam()};
  EXPECT_TRUE(find_groups(rows({}), how).empty());
  EXPECT_EQ(count(find_groups(rows(list(1, {})), how)), 1U);
  EXPECT_EQ(count(find_groups(rows(list(3, {{0, 0, 1}, {1, 1, 2}})), how)), 3U);
  EXPECT_EQ(count(find_groups(rows(list(2, {{0, 1, 0}})), how)), 2U);
}

TEST_P(Both, FollowALongPath) {
  EdgeList path;
  path.vertices = 200'000;
  for (Vertex v = 0; v + 1 < path.vertices; ++v) path.add(v, v + 1);
  const Csr graph = rows(path);
  EXPECT_GT(score(graph, find_groups(graph, {.refine = GetParam()})), 0.99);
}

TEST(Leiden, EveryGroupIsConnected) {
  for (const auto kind : test_graph_kinds()) {
    for (const double resolution : {0.05, 1.0, 4.0}) {
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const Csr graph = rows(test_graph(kind, 3'000, seed));
        for (const int rounds : {1, 2, 10}) {
          const auto groups = find_groups(graph, {.resolution = resolution, .seed = seed, .rounds = rounds});
          EXPECT_TRUE(connected(graph, groups)) << kind << ' ' << resolution << ' ' << seed;
        }
      }
    }
  }
}

// Without the last step of the search some of these end with groups in pieces.
TEST(Leiden, EveryGroupOfASparseGraphIsConnected) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    EdgeList edges = random_graph(2'000, 2'600, seed);
    edges.weight.clear();
    const Csr graph = rows(edges);
    for (const int rounds : {1, 2})
      EXPECT_TRUE(connected(graph, find_groups(graph, {.seed = seed, .rounds = rounds}))) << seed;
  }
}

TEST(Leiden, AWeightOfNothingConnectsNothing) {
  const auto groups = find_groups(rows(list(4, {{0, 1, 1}, {1, 2, 0}, {2, 3, 1}})), {.resolution = 0});
  EXPECT_EQ(groups[0], groups[1]);
  EXPECT_NE(groups[1], groups[2]);
}

TEST(Communities, BetterWhatAnotherSearchFound) {
  const Csr graph = rows(test_graph("random", 20'000, 3));
  // What a search that ended early leaves: groups of another resolution, a fifth of the vertices in wrong
  // ones.
  auto found = find_groups(graph, {.resolution = 2, .rounds = 1});
  for (Vertex v = 0; v < graph.vertices(); v += 5)
    found[v] = found[(std::size_t{v} * 7919 + 13) % found.size()];
  for (const Algorithm algorithm : {Algorithm::louvain, Algorithm::leiden}) {
    Request request;
    request.algorithm = algorithm;
    const double alone = *communities(graph, request).modularity;
    EXPECT_LT(score(graph, found), 0.8 * alone);
    EXPECT_GE(*better_communities(graph, request, found).modularity, alone);
  }
}

}  // namespace
}  // namespace llt::analytics::cpu
