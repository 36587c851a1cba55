#include "analytics/session.h"

#include <fmt/format.h>

#include "analytics/choose.h"
#include "analytics/cpu/cpu_backend.h"
#include "base/clock.h"

namespace llt::analytics {
namespace {

// Of betweenness when the GPU's memory does not suffice for all.
constexpr Vertex kFewSources = 256;

Result<Run> run_on(Backend& backend, const EdgeList& edges, const Request& request, const Progress& progress,
                   std::string reason) {
  const SteadyNs begin = now_steady();
  if (auto loaded = backend.load(edges); !loaded) return std::unexpected(loaded.error());
  auto outcome = backend.run(request, progress);
  if (!outcome) return std::unexpected(outcome.error());
  const double elapsed_ms = static_cast<double>(now_steady() - begin) / 1e6;
  return Run{std::move(*outcome), backend.name(), backend.version(),
             std::move(reason),   elapsed_ms,     backend.build_ms()};
}

Result<Run> on_cpu(const EdgeList& edges, const Request& request, const Progress& progress,
                   std::string reason) {
  return run_on(*make_cpu_backend(), edges, request, progress, std::move(reason));
}

Result<Run> on_gpu(const EdgeList& edges, const Request& request, const GpuOptions& gpu,
                   const Progress& progress, std::string reason) {
  const auto backend = make_gpu_backend(gpu);
  if (!backend) return std::unexpected(backend.error());
  auto run = run_on(**backend, edges, request, progress, reason);
  const bool sampled =
      request.algorithm == Algorithm::betweenness || request.algorithm == Algorithm::edge_betweenness;
  if (run || run.error().code != ErrorCode::resource_exhausted || !sampled || request.samples ||
      edges.vertices <= kFewSources)
    return run;
  Request fewer = request;
  fewer.samples = kFewSources;
  auto second = run_on(
      **backend, edges, fewer, progress,
      fmt::format("{}; its memory does not suffice for the paths from all vertices, so they are from {}",
                  reason, kFewSources));
  if (!second) return run;
  second->samples = kFewSources;
  return second;
}

bool joins_anything(const EdgeList& edges) {
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (edges.source[e] != edges.target[e]) return true;
  }
  return false;
}

}  // namespace

Result<Run> analyse(const EdgeList& edges, const Request& request, Want want, const GpuOptions& gpu,
                    const Progress& progress) {
  if (want == Want::cpu) return on_cpu(edges, request, progress, "asked for");
  if (want == Want::gpu && !gpu_can(request.algorithm)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} runs on the CPU only", info_of(request.algorithm).name),
                "leave --backend out, or give --backend cpu");
  }
  // cuGraph's layout breaks on a graph without edges, and nothing is gained on any.
  if (!joins_anything(edges))
    return on_cpu(edges, request, progress, "no edge joins two vertices: nothing for a GPU to do");
  if (want == Want::gpu) return on_gpu(edges, request, gpu, progress, "asked for");
  const Choice choice = choose(request, edges.vertices, edges.size());
  if (!choice.gpu) return on_cpu(edges, request, progress, choice.why);
  auto run = on_gpu(edges, request, gpu, progress, choice.why);
  if (run) return run;
  return on_cpu(edges, request, progress, "instead of the GPU: " + run.error().message);
}

}  // namespace llt::analytics
