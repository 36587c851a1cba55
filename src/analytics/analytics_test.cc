#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "analytics/betweenness_scale.h"
#include "analytics/choose.h"
#include "analytics/cpu/cpu_backend.h"
#include "analytics/csr.h"
#include "analytics/findings.h"
#include "analytics/modularity.h"
#include "analytics/path_counts.h"
#include "analytics/similarity_ratio.h"
#include "analytics/test_graphs.h"

namespace llt::analytics {
namespace {

EdgeList list(Vertex vertices, std::initializer_list<EdgeValue> edges) {
  EdgeList graph;
  graph.vertices = vertices;
  for (const auto& [u, v, w] : edges) graph.add(u, v, w);
  return graph;
}

TEST(IdTable, GivesBackWhatItWasGiven) {
  IdTable ids;
  for (const char* id :
       {"7", "007", "-0", "0", "-5", "", "a", "999999999999999999", "9999999999999999999", "+1", "1.0"})
    EXPECT_EQ(ids.text(ids.intern(id)), id);
  EXPECT_EQ(ids.size(), 11U);
  EXPECT_EQ(ids.find("007"), 1U);
  EXPECT_EQ(ids.intern("7"), 0U);
  EXPECT_FALSE(ids.find("8"));
  EXPECT_FALSE(ids.numeric());
}

TEST(IdTable, WholeNumbersAreNumbersUnlessTheInputSaysOtherwise) {
  IdTable ids;
  ids.intern("3000000000");
  ids.intern("-1");
  EXPECT_TRUE(ids.numeric());
  ids.keep_as_text();
  EXPECT_FALSE(ids.numeric());
}

TEST(Csr, SortsRowsAndJoinsParallelEdges) {
  const EdgeList graph = list(3, {{0, 2, 5}, {0, 1, 1}, {0, 2, 3}, {1, 1, 4}, {2, 0, 2}});
  const Csr out = build_csr(graph, {.arcs = Arcs::out});
  EXPECT_EQ(out.offsets, (std::vector<std::uint64_t>{0, 2, 3, 4}));
  EXPECT_EQ(out.targets, (std::vector<Vertex>{1, 2, 1, 0}));
  EXPECT_EQ(out.weights, (std::vector<double>{1, 8, 4, 2}));
  const Csr shortest = build_csr(graph, {.arcs = Arcs::both, .parallel = Parallel::shortest, .loops = false});
  EXPECT_EQ(shortest.targets, (std::vector<Vertex>{1, 2, 0, 0}));
  EXPECT_EQ(shortest.weights, (std::vector<double>{1, 2, 1, 2}));
  EXPECT_EQ(shortest.find(0, 2), 1U);
}

// The rows by the definition of their shape.
std::map<std::pair<Vertex, Vertex>, double> arcs_of(const EdgeList& edges, CsrShape shape) {
  std::map<std::pair<Vertex, Vertex>, double> arcs;
  const auto add = [&](Vertex from, Vertex to, double weight) {
    const auto [arc, added] = arcs.try_emplace({from, to}, weight);
    if (added) return;
    arc->second = shape.parallel == Parallel::sum ? arc->second + weight : std::min(arc->second, weight);
  };
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const Vertex u = edges.source[e], v = edges.target[e];
    const double weight = edges.weighted() ? edges.weight[e] : 1;
    if (u == v && !shape.loops) continue;
    if (shape.arcs != Arcs::in) add(u, v, weight);
    if (shape.arcs == Arcs::in || (shape.arcs == Arcs::both && u != v)) add(v, u, weight);
  }
  return arcs;
}

TEST(Csr, HoldsWhatTheEdgesSayInEveryShape) {
  for (const auto kind : {"random", "multi", "loops", "weighted", "star", "empty", "one"}) {
    EdgeList edges = test_graph(kind, 300, 4);
    for (double& weight : edges.weight) weight = weight / 3;  // sums depend on the order
    for (const Arcs arcs : {Arcs::out, Arcs::in, Arcs::both}) {
      for (const Parallel parallel : {Parallel::sum, Parallel::shortest}) {
        for (const bool loops : {true, false}) {
          const CsrShape shape{.arcs = arcs, .parallel = parallel, .loops = loops};
          const Csr csr = build_csr(edges, shape);
          std::map<std::pair<Vertex, Vertex>, double> found;
          for (Vertex u = 0; u < csr.vertices(); ++u) {
            EXPECT_TRUE(std::ranges::is_sorted(csr.row(u)));
            for (const Vertex v : csr.row(u)) found[{u, v}] = csr.weight(csr.find(u, v));
          }
          EXPECT_EQ(found, arcs_of(edges, shape)) << kind;
          EXPECT_EQ(found.size(), csr.arcs());
        }
      }
    }
  }
}

TEST(Csr, AnUnweightedGraphGetsWeightsOnlyFromParallelEdges) {
  EdgeList graph;
  graph.vertices = 2;
  graph.add(0, 1);
  EXPECT_TRUE(build_csr(graph, {}).weights.empty());
  graph.add(1, 0);
  EXPECT_EQ(build_csr(graph, {.arcs = Arcs::both}).weights, (std::vector<double>{2, 2}));
  EXPECT_TRUE(build_csr(graph, {.arcs = Arcs::out}).weights.empty());
}

TEST(Csr, PullsOfALayoutGoByTheLogarithmAroundTheMedian) {
  const auto pulls = [](std::vector<double> weights) {
    EdgeList graph;
    graph.vertices = static_cast<Vertex>(weights.size() + 1);
    for (Vertex v = 0; v < weights.size(); ++v) graph.add(v, v + 1);
    graph.weight = std::move(weights);
    return build_csr(graph, {.arcs = Arcs::out, .pulls = true}).weights;
  };
  EXPECT_EQ(pulls({7e9, 1e9, 1e9, 0, 1e30}), (std::vector<double>{3, 1, 1, 0, 10}));
  EXPECT_EQ(pulls({0, 0}), (std::vector<double>{0, 0}));
  EXPECT_EQ(pulls({}), std::vector<double>{});
}

TEST(Modularity, CountsALoopTwiceInItsDegree) {
  const Csr graph = build_csr(list(2, {{0, 0, 1}, {0, 1, 1}}), {});
  const std::vector<Vertex> apart{0, 1};
  EXPECT_DOUBLE_EQ(*modularity(graph, apart, 1), 2.0 / 4 - (9.0 / 16 + 1.0 / 16));
  EXPECT_FALSE(modularity(build_csr(list(2, {{0, 1, 0}}), {}), apart, 1));
}

TEST(Groups, AreNumberedBySizeThenByFirstVertex) {
  Outcome outcome;
  outcome.groups = {9, 4, 4, 7, 9, 4};
  number_by_size(outcome);
  EXPECT_EQ(outcome.groups, (std::vector<Vertex>{1, 0, 0, 2, 1, 0}));
  EXPECT_EQ(outcome.group_count, 3U);
}

TEST(Sources, AreTheSameForTheSameSeedAndAllWhenAllAreAsked) {
  EXPECT_EQ(sampled_sources(5, 9, 1), (std::vector<Vertex>{0, 1, 2, 3, 4}));
  EXPECT_EQ(sampled_sources(1000, 10, 3), sampled_sources(1000, 10, 3));
  EXPECT_NE(sampled_sources(1000, 10, 3), sampled_sources(1000, 10, 4));
  EXPECT_TRUE(sampled_sources(0, 3, 1).empty());
}

TEST(Similarity, GivesTheCountBackAndRefusesWhatNoCountMakes) {
  for (const Algorithm algorithm : {Algorithm::jaccard, Algorithm::overlap}) {
    for (const std::uint64_t a : {1U, 2U, 7U, 1000U, 2'147'483'647U}) {
      for (const std::uint64_t b : {1U, 3U, 999U, 2'147'483'646U}) {
        for (const std::uint64_t common : {0UL, std::min(a, b) / 2, std::min(a, b) - 1, std::min(a, b)}) {
          const double ratio = similarity_ratio(algorithm, common, a, b);
          EXPECT_EQ(common_neighbours(algorithm, ratio, a, b), common) << a << ' ' << b;
        }
      }
    }
    EXPECT_EQ(similarity_ratio(algorithm, 0, 0, 0), 0);
    for (const double wrong : {-0.1, 0.1, 1.1, double{NAN}, double{INFINITY}})
      EXPECT_FALSE(common_neighbours(algorithm, wrong, 3, 3)) << wrong;
  }
  EXPECT_DOUBLE_EQ(similarity_ratio(Algorithm::jaccard, 2, 3, 4), 0.4);
  EXPECT_DOUBLE_EQ(similarity_ratio(Algorithm::overlap, 2, 3, 4), 2.0 / 3);
}

TEST(Paths, AreCountedAndOverflowIsSeen) {
  EdgeList layers;
  layers.vertices = 2 * 1100;
  for (Vertex layer = 0; layer + 1 < 1100; ++layer) {
    for (Vertex a : {0U, 1U}) {
      for (Vertex b : {0U, 1U}) layers.add(2 * layer + a, 2 * (layer + 1) + b);
    }
  }
  EXPECT_TRUE(std::isinf(most_shortest_paths(build_csr(layers, {.arcs = Arcs::out}), 0)));
  EXPECT_DOUBLE_EQ(most_shortest_paths(build_csr(layers, {.arcs = Arcs::out}), 2 * 1089), 512);
}

TEST(Choose, LeavesSmallGraphsToTheCpu) {
  Request request;
  EXPECT_FALSE(choose(request, 10, 20).gpu);
  EXPECT_FALSE(choose(request, 1'000'000, 100'000'000).gpu);
  request.algorithm = Algorithm::leiden;
  EXPECT_FALSE(choose(request, 1'000, 100'000).gpu);
  EXPECT_TRUE(choose(request, 1'000'000, 100'000'000).gpu);
  request.algorithm = Algorithm::degree;
  EXPECT_FALSE(choose(request, 1'000'000'000, UINT64_MAX).gpu);
}

TEST(CpuBackend, AnswersDoNotDependOnThreads) {
  const EdgeList graph = test_graph("power-law", 20'000, 5);
  for (const Algorithm algorithm : {Algorithm::pagerank, Algorithm::betweenness, Algorithm::triangles,
                                    Algorithm::layout, Algorithm::louvain}) {
    Request request;
    request.algorithm = algorithm;
    request.samples = 100;
    request.iterations = 5;
    const auto backend = make_cpu_backend();
    ASSERT_TRUE(backend->load(graph));
    request.threads = 1;
    const auto one = backend->run(request, {});
    request.threads = 7;
    const auto seven = backend->run(request, {});
    ASSERT_TRUE(one && seven);
    EXPECT_EQ(one->values, seven->values);
    EXPECT_EQ(one->groups, seven->groups);
    EXPECT_EQ(one->x, seven->x);
  }
}

// Of each arc, how much of the shortest paths from the sources leads along it.
std::vector<double> paths_along_arcs(const Csr& both, const std::vector<Vertex>& sources) {
  std::vector<double> sums(both.arcs(), 0.0);
  for (const Vertex source : sources) {
    std::vector<int> hops(both.vertices(), -1);
    std::vector<double> ways(both.vertices(), 0.0), beyond(both.vertices(), 0.0);
    std::vector<Vertex> order{source};
    hops[source] = 0, ways[source] = 1;
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (const Vertex v : both.row(order[i])) {
        if (hops[v] < 0) hops[v] = hops[order[i]] + 1, order.push_back(v);
        if (hops[v] == hops[order[i]] + 1) ways[v] += ways[order[i]];
      }
    }
    for (std::size_t i = order.size(); i-- > 0;) {
      const Vertex u = order[i];
      for (const Vertex v : both.row(u)) {
        if (hops[v] != hops[u] + 1) continue;
        const double along = ways[u] / ways[v] * (1 + beyond[v]);
        sums[both.find(u, v)] += along;
        beyond[u] += along;
      }
    }
  }
  return sums;
}

TEST(Betweenness, FollowsFromThatOfArcs) {
  for (const auto kind : {"random", "power-law", "disconnected", "star"}) {
    const EdgeList graph = test_graph(kind, 3000, 5);
    const Csr both = build_csr(graph, {.loops = false});
    const auto backend = make_cpu_backend();
    ASSERT_TRUE(backend->load(graph));
    for (const Vertex samples : {16U, graph.vertices}) {
      Request request;
      request.algorithm = Algorithm::betweenness;
      request.samples = samples;
      const auto expected = backend->run(request, {});
      ASSERT_TRUE(expected);
      const auto sources = sampled_sources(graph.vertices, samples, request.seed);
      const auto values = betweenness_from_arcs(both, paths_along_arcs(both, sources), sources);
      for (Vertex v = 0; v < graph.vertices; ++v)
        EXPECT_NEAR(values[v], expected->values[v], 1e-9 * expected->values[v])
            << kind << ' ' << samples << ' ' << v;
    }
  }
}

TEST(Findings, SayWhatIsThere) {
  EdgeList star = test_graph("star", 4, 1);
  Request request;
  request.algorithm = Algorithm::betweenness;
  const auto backend = make_cpu_backend();
  ASSERT_TRUE(backend->load(star));
  const auto outcome = backend->run(request, {});
  ASSERT_TRUE(outcome);
  const auto said = findings(star, request, *outcome, [](Vertex v) { return "v" + std::to_string(v); });
  EXPECT_EQ(said.front(),
            "v0 lies on 100 % of all shortest paths between others: without it they get longer or break.");
  EXPECT_EQ(findings({}, request, {}, [](Vertex) { return ""; }).front(), "The graph is empty.");
}

}  // namespace
}  // namespace llt::analytics
