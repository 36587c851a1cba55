#include <cmath>

#include "analytics/cpu/kernels.h"
#include "analytics/cpu/parallel.h"
#include "analytics/pagerank_rest.h"

namespace llt::analytics::cpu {
namespace {

class PageRank {
 public:
  PageRank(const Csr& in, const Request& request)
      : in_(in),
        damping_(request.damping),
        threads_(thread_count(request.threads)),
        jump_(in.vertices(), 0.0) {
    const auto n = static_cast<double>(in.vertices());
    if (request.from.empty()) jump_.assign(in.vertices(), 1 / n);
    for (const Vertex v : request.from) jump_[v] += 1 / static_cast<double>(request.from.size());
    find_out_weights();
  }

  std::vector<double> run() {
    std::vector<double> rank = jump_, next(rank.size()), flow(rank.size());
    const double standstill = pagerank_standstill(damping_);
    for (unsigned round = pagerank_rounds(damping_); round > 0; --round) {
      const double stuck = prepare(rank, flow);
      each_block(rank.size(), threads_,
                 [&](std::size_t begin, std::size_t end) { pull(flow, stuck, begin, end, next); });
      const double change = sum_blocks(rank.size(), threads_, [&](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t v = begin; v < end; ++v) sum += std::abs(next[v] - rank[v]);
        return sum;
      });
      rank.swap(next);
      if (change < standstill) break;
    }
    return rank;
  }

 private:
  void find_out_weights() {
    out_weight_.assign(in_.vertices(), 0.0);
    for (std::uint64_t arc = 0; arc < in_.arcs(); ++arc) out_weight_[in_.targets[arc]] += in_.weight(arc);
  }

  // What each vertex gives per unit of edge weight; returns the rank of those that give nothing.
  double prepare(const std::vector<double>& rank, std::vector<double>& flow) const {
    return sum_blocks(rank.size(), threads_, [&](std::size_t begin, std::size_t end) {
      double stuck = 0;
      for (std::size_t v = begin; v < end; ++v) {
        const bool gives = out_weight_[v] > 0;
        flow[v] = gives ? rank[v] / out_weight_[v] : 0.0;
        if (!gives) stuck += rank[v];
      }
      return stuck;
    });
  }

  void pull(const std::vector<double>& flow, double stuck, std::size_t begin, std::size_t end,
            std::vector<double>& next) const {
    const double jumping = damping_ * stuck + 1 - damping_;
    for (std::size_t v = begin; v < end; ++v) {
      double sum = 0;
      const std::uint64_t last = in_.offsets[v + 1];
      if (in_.weights.empty()) {
        for (std::uint64_t arc = in_.offsets[v]; arc < last; ++arc) sum += flow[in_.targets[arc]];
      } else {
        for (std::uint64_t arc = in_.offsets[v]; arc < last; ++arc)
          sum += flow[in_.targets[arc]] * in_.weights[arc];
      }
      next[v] = damping_ * sum + jumping * jump_[v];
    }
  }

  const Csr& in_;
  double damping_;
  unsigned threads_;
  std::vector<double> jump_, out_weight_;
};

}  // namespace

Outcome pagerank(const Csr& in, const Request& request) {
  Outcome outcome;
  if (in.vertices() != 0) outcome.values = PageRank(in, request).run();
  return outcome;
}

}  // namespace llt::analytics::cpu
