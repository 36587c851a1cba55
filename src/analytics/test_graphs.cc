#include "analytics/test_graphs.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"

namespace llt::analytics {
namespace {

class Maker {
 public:
  Maker(std::uint64_t edges, std::uint64_t seed) : wanted_(edges), random_(seed) {}

  EdgeList random(Vertex vertices) {
    graph_.vertices = vertices;
    for (std::uint64_t e = 0; e < wanted_; ++e) graph_.add(below(vertices), below(vertices));
    return std::move(graph_);
  }

  // R-MAT: each edge chooses a quarter of the matrix again and again (0.57, 0.19, 0.19, 0.05).
  EdgeList power_law() {
    int bits = 1;
    while ((std::uint64_t{1} << bits) < wanted_ / 8) ++bits;
    graph_.vertices = Vertex{1} << bits;
    for (std::uint64_t e = 0; e < wanted_; ++e) {
      Vertex u = 0, v = 0;
      for (int bit = 0; bit < bits; ++bit) {
        const double p = unit();
        u = u * 2 + (p >= 0.76 ? 1 : 0);
        v = v * 2 + ((p >= 0.57 && p < 0.76) || p >= 0.95 ? 1 : 0);
      }
      graph_.add(u, v);
    }
    return std::move(graph_);
  }

  // Long and narrow: a square of any size has more shortest paths than anything can count.
  EdgeList grid() {
    constexpr Vertex kWidth = 4;
    const auto length = static_cast<Vertex>(std::max<std::uint64_t>(2, wanted_ / 7));
    graph_.vertices = length * kWidth;
    for (Vertex row = 0; row < length; ++row) {
      for (Vertex column = 0; column < kWidth; ++column) {
        const Vertex v = row * kWidth + column;
        if (column + 1 < kWidth) graph_.add(v, v + 1);
        if (row + 1 < length) graph_.add(v, v + kWidth);
      }
    }
    return std::move(graph_);
  }

  EdgeList star() {
    graph_.vertices = static_cast<Vertex>(wanted_ + 1);
    for (Vertex v = 1; v < graph_.vertices; ++v) graph_.add(0, v);
    return std::move(graph_);
  }

  // Rings of ten with cross edges, and as many vertices again without any edge.
  EdgeList disconnected() {
    const auto rings = static_cast<Vertex>(std::max<std::uint64_t>(1, wanted_ / 20));
    for (Vertex ring = 0; ring < rings; ++ring) {
      for (Vertex i = 0; i < 10; ++i) {
        graph_.add(ring * 10 + i, ring * 10 + (i + 1) % 10);
        graph_.add(ring * 10 + i, ring * 10 + (i + 3) % 10);
      }
    }
    graph_.vertices = rings * 20;
    return std::move(graph_);
  }

  EdgeList loops(Vertex vertices) {
    for (Vertex v = 0; v < vertices; v += 3) graph_.add(v, v);
    return random(vertices);
  }

  EdgeList multi(Vertex vertices) {
    EdgeList all = random(vertices);
    for (std::size_t e = 0; e < wanted_; e += 2) {
      all.add(all.source[e], all.target[e]);
      all.add(all.target[e], all.source[e]);
    }
    return all;
  }

  EdgeList weighted(Vertex vertices) {
    EdgeList all = random(vertices);
    for (std::size_t e = 0; e < all.size(); ++e)
      all.weight.push_back(e % 50 == 0 ? 0.0 : std::floor(unit() * 1000) / 8);
    return all;
  }

 private:
  Vertex below(Vertex bound) { return static_cast<Vertex>(random_() % bound); }
  double unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  std::uint64_t wanted_;
  std::mt19937_64 random_;
  EdgeList graph_;
};

}  // namespace

EdgeList test_graph(std::string_view kind, std::uint64_t edges, std::uint64_t seed) {
  Maker maker(edges, seed);
  const auto vertices = static_cast<Vertex>(std::max<std::uint64_t>(2, edges / 8));
  if (kind == "random") return maker.random(vertices);
  if (kind == "power-law") return maker.power_law();
  if (kind == "grid") return maker.grid();
  if (kind == "star") return maker.star();
  if (kind == "disconnected") return maker.disconnected();
  if (kind == "loops") return maker.loops(vertices);
  if (kind == "multi") return maker.multi(vertices);
  if (kind == "weighted") return maker.weighted(vertices);
  EdgeList graph;
  if (kind == "empty") return graph;
  LLT_CHECK(kind == "one");
  graph.vertices = 1;
  graph.add(0, 0);
  return graph;
}

std::vector<std::string_view> test_graph_kinds() {
  return {"random", "power-law", "grid",     "star",  "disconnected",
          "loops",  "multi",     "weighted", "empty", "one"};
}

}  // namespace llt::analytics
