#include "analytics/cpu/cpu_backend.h"

#include <array>
#include <new>

#include "analytics/cpu/kernels.h"
#include "base/clock.h"

namespace llt::analytics {
namespace {

class CpuBackend final : public Backend {
 public:
  [[nodiscard]] std::string name() const override { return "cpu"; }
  [[nodiscard]] std::string version() const override { return "own kernels"; }

  Result<> load(const EdgeList& edges) override {
    edges_ = &edges;
    kept_.clear();
    return {};
  }

  [[nodiscard]] std::optional<double> build_ms() const override { return build_ms_; }

  Result<Outcome> run(const Request& request, const Progress& progress) override try {
    build_ms_ = 0;
    return dispatch(request, progress);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::resource_exhausted, "the graph does not fit into memory");
  }

 private:
  struct Kept {
    CsrShape shape;
    Csr csr;
  };

  // Rows of this shape, built when first asked for and kept for the next algorithm.
  const Csr& rows(CsrShape shape) {
    for (const auto& kept : kept_) {
      if (kept->shape == shape) return kept->csr;
    }
    const SteadyNs begin = now_steady();
    kept_.push_back(std::make_unique<Kept>(Kept{shape, build_csr(*edges_, shape)}));
    build_ms_ += static_cast<double>(now_steady() - begin) / 1e6;
    return kept_.back()->csr;
  }
  const Csr& simple() { return rows({.arcs = Arcs::both, .loops = false}); }

  Result<Outcome> dispatch(const Request& request, const Progress& progress) {
    const bool directed = takes_direction(request);
    const Arcs out = directed ? Arcs::out : Arcs::both;
    switch (request.algorithm) {
      case Algorithm::pagerank:
        return cpu::pagerank(rows({.arcs = directed ? Arcs::in : Arcs::both}), request);
      case Algorithm::louvain:
      case Algorithm::leiden:
        return cpu::communities(rows({.arcs = Arcs::both}), request);
      case Algorithm::betweenness:
      case Algorithm::edge_betweenness:
        return cpu::betweenness(rows({.arcs = out, .loops = false}), request, progress);
      case Algorithm::components:
        return cpu::weak_components(*edges_);
      case Algorithm::strong_components:
        return cpu::strong_components(rows({.arcs = Arcs::out}));
      case Algorithm::kcore:
        return cpu::core_numbers(simple());
      case Algorithm::triangles:
        return cpu::triangles(simple(), request.threads);
      case Algorithm::degree:
        return cpu::degrees(*edges_);
      case Algorithm::jaccard:
      case Algorithm::overlap:
        return cpu::similarity(simple(), request);
      case Algorithm::bfs:
        return cpu::hops(rows({.arcs = out}), request.from.front());
      case Algorithm::sssp:
        return cpu::shortest_paths(rows({.arcs = out, .parallel = Parallel::shortest}), request.from.front());
      case Algorithm::ego:
        return cpu::ego(rows({.arcs = out}), request);
      case Algorithm::layout:
        break;
    }
    return cpu::layout(rows({.arcs = Arcs::both, .pulls = true}), request, progress);
  }

  const EdgeList* edges_ = nullptr;
  std::vector<std::unique_ptr<Kept>> kept_;
  double build_ms_ = 0;
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend() { return std::make_unique<CpuBackend>(); }

}  // namespace llt::analytics
