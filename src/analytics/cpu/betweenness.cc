// Brandes' algorithm: shortest paths from every source, then each vertex's share of them from the far end
// back.

#include <cmath>

#include "analytics/betweenness_scale.h"
#include "analytics/cpu/kernels.h"
#include "analytics/cpu/parallel.h"

namespace llt::analytics::cpu {
namespace {

constexpr std::uint32_t kUnseen = UINT32_MAX;

// Sources are dealt to so many piles; each pile is summed on its own and the piles in order, so that the
// result is the same for any number of threads.
std::size_t pile_count(const Csr& graph, bool edges) {
  constexpr std::size_t kMostPiles = 64, kFewestPiles = 8, kPileBytes = std::size_t{1} << 29;
  const std::size_t one = sizeof(double) * (graph.vertices() + (edges ? graph.arcs() : 0)) + 1;
  return std::clamp(kPileBytes / one, kFewestPiles, kMostPiles);
}

struct Pile {
  std::vector<double> vertex, arc;
};

// What one worker needs for one source at a time.
class PathSearch {
 public:
  explicit PathSearch(const Csr& graph)
      : graph_(graph),
        level_(graph.vertices(), kUnseen),
        paths_(graph.vertices()),
        share_(graph.vertices()) {}

  /// False when the paths are too many to count.
  bool run(Vertex source, Pile& pile) {
    const bool countable = forward(source);
    if (countable) backward(source, pile);
    for (const Vertex v : order_) level_[v] = kUnseen;
    return countable;
  }

 private:
  bool forward(Vertex source) {
    order_.assign(1, source);
    level_[source] = 0;
    paths_[source] = 1;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const Vertex u = order_[i];
      const double paths = paths_[u];
      const std::uint32_t next = level_[u] + 1;
      for (const Vertex v : graph_.row(u)) {
        if (level_[v] == kUnseen) {
          level_[v] = next;
          paths_[v] = 0;
          order_.push_back(v);
        }
        if (level_[v] == next) paths_[v] += paths;
      }
      if (std::isinf(paths)) return false;
    }
    return true;
  }

  void backward(Vertex source, Pile& pile) {
    for (std::size_t i = order_.size(); i-- > 0;) {
      const Vertex u = order_[i];
      const std::uint32_t next = level_[u] + 1;
      double share = 0;
      for (std::uint64_t arc = graph_.offsets[u]; arc < graph_.offsets[u + 1]; ++arc) {
        const Vertex v = graph_.targets[arc];
        if (level_[v] != next) continue;
        const double part = paths_[u] / paths_[v] * (1 + share_[v]);
        share += part;
        if (!pile.arc.empty()) pile.arc[arc] += part;
      }
      share_[u] = share;
      if (u != source && !pile.vertex.empty()) pile.vertex[u] += share;
    }
  }

  const Csr& graph_;
  std::vector<std::uint32_t> level_;
  std::vector<double> paths_, share_;
  std::vector<Vertex> order_;
};

class Betweenness {
 public:
  Betweenness(const Csr& out, const Request& request)
      : graph_(out),
        edges_(request.algorithm == Algorithm::edge_betweenness),
        directed_(takes_direction(request)),
        threads_(thread_count(request.threads)),
        sources_(sampled_sources(out.vertices(), request.samples.value_or(out.vertices()), request.seed)),
        piles_(std::min(pile_count(out, edges_), sources_.size())) {}

  Result<Outcome> run(const Progress& progress) {
    std::vector<PathSearch> searches;
    for (unsigned i = 0; i < std::min<std::size_t>(threads_, piles_.size()); ++i)
      searches.emplace_back(graph_);
    std::atomic<std::size_t> done{0};
    std::atomic<bool> countable{true};
    each_task(piles_.size(), threads_, [&](std::size_t pile, unsigned worker) {
      piles_[pile].vertex.assign(edges_ ? 0 : graph_.vertices(), 0.0);
      piles_[pile].arc.assign(edges_ ? graph_.arcs() : 0, 0.0);
      for (std::size_t i = pile; i < sources_.size() && countable; i += piles_.size()) {
        if (!searches[worker].run(sources_[i], piles_[pile])) countable = false;
        const std::size_t so_far = ++done;
        if (worker == 0 && progress)
          progress(static_cast<double>(so_far) / static_cast<double>(sources_.size()));
      }
    });
    if (!countable) {
      return fail(ErrorCode::invalid_argument, "the graph has more shortest paths than a double can count",
                  "look at a part of it, for example by 'ego'");
    }
    return outcome();
  }

 private:
  Outcome outcome() const {
    Outcome outcome;
    std::vector<double> sums(edges_ ? graph_.arcs() : graph_.vertices(), 0.0);
    each_block(sums.size(), threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        for (const Pile& pile : piles_) sums[i] += edges_ ? pile.arc[i] : pile.vertex[i];
      }
    });
    if (edges_) {
      outcome.edge_values = edge_betweenness_of(graph_, sums, sources_.size(), directed_);
    } else {
      scale_betweenness(sums, sources_);
      outcome.values = std::move(sums);
    }
    return outcome;
  }

  const Csr& graph_;
  bool edges_, directed_;
  unsigned threads_;
  std::vector<Vertex> sources_;
  std::vector<Pile> piles_;
};

}  // namespace

Result<Outcome> betweenness(const Csr& out, const Request& request, const Progress& progress) {
  return Betweenness(out, request).run(progress);
}

}  // namespace llt::analytics::cpu
