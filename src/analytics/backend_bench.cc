// Compares the back ends on graphs of every kind, and times them: one JSON line for each algorithm and graph.
//
//   backend_bench EDGES [KIND...]          both back ends where there is a GPU, else the CPU alone
//   backend_bench --busy SECONDS EDGES KIND   keeps the GPU at work, as a neighbour of whatever is measured
//
// Environment: LLT_BENCH_CPU_SECONDS, beyond which an algorithm is not run on larger graphs by the CPU
// (default 60). LLT_BENCH_ALGORITHMS: only these, as --algorithm has them, separated by commas.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <ranges>
#include <string>

#include "analytics/cpu/cpu_backend.h"
#include "analytics/gpu/gpu_backend.h"
#include "analytics/gpu/worker.h"
#include "analytics/gpu/worker_process.h"
#include "analytics/session.h"
#include "analytics/test_graphs.h"
#include "base/clock.h"

namespace llt::analytics {
namespace {

struct Timed {
  Result<Outcome> outcome = fail(ErrorCode::unavailable, "not run");
  double first_ms = 0;  ///< with building the rows, or moving the graph there
  double again_ms = 0;  ///< with the graph in place
};

double ms_since(SteadyNs begin) { return static_cast<double>(now_steady() - begin) / 1e6; }

Timed timed(Backend& backend, const Request& request) {
  Timed run;
  SteadyNs begin = now_steady();
  run.outcome = backend.run(request, {});
  run.first_ms = ms_since(begin);
  constexpr double kOnceIsEnoughMs = 5'000;
  if (!run.outcome || run.first_ms > kOnceIsEnoughMs) return run;
  begin = now_steady();
  run.outcome = backend.run(request, {});
  run.again_ms = ms_since(begin);
  return run;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b, bool relative) {
  if (a.size() != b.size()) return INFINITY;
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isinf(a[i]) && std::isinf(b[i])) continue;
    const double scale = relative ? std::max({std::abs(a[i]), std::abs(b[i]), 1e-300}) : 1;
    most = std::max(most, std::abs(a[i] - b[i]) / scale);
  }
  return most;
}

std::vector<double> values_of(const std::vector<EdgeValue>& edges) {
  std::vector<double> values;
  for (const EdgeValue& edge : edges) values.push_back(edge.value);
  return values;
}

struct Verdict {
  bool same;
  std::string how;
};

Verdict within(double difference, double allowed, std::string_view what) {
  return {difference <= allowed, fmt::format("{} {:.3g}", what, difference)};
}

// To the last bit, in the same order.
Verdict same_edges(const Outcome& cpu, const Outcome& gpu) {
  const bool same =
      std::ranges::equal(cpu.edge_values, gpu.edge_values, [](const EdgeValue& a, const EdgeValue& b) {
        return a.source == b.source && a.target == b.target && a.value == b.value;
      });
  return {same, fmt::format("{} and {} edges", cpu.edge_values.size(), gpu.edge_values.size())};
}

Verdict compare(const Request& request, const Outcome& cpu, const Outcome& gpu) {
  switch (request.algorithm) {
    case Algorithm::pagerank:
      return within(largest_difference(cpu.values, gpu.values, false), 1e-6, "largest difference");
    case Algorithm::betweenness:
      return within(largest_difference(cpu.values, gpu.values, true), 1e-9, "largest relative difference");
    case Algorithm::edge_betweenness:
      return within(largest_difference(values_of(cpu.edge_values), values_of(gpu.edge_values), true), 1e-9,
                    "largest relative difference");
    case Algorithm::louvain:
    case Algorithm::leiden: {
      const double a = cpu.modularity.value_or(0), b = gpu.modularity.value_or(0);
      return {b >= a - 0.01 * std::max(std::abs(a), 0.1), fmt::format("modularity {:.5f} and {:.5f}", a, b)};
    }
    case Algorithm::components:
    case Algorithm::strong_components:
      return {cpu.groups == gpu.groups,
              fmt::format("{} and {} components", cpu.group_count, gpu.group_count)};
    case Algorithm::bfs:
    case Algorithm::sssp:
      return within(largest_difference(cpu.distances, gpu.distances, true), 1e-12,
                    "largest relative difference");
    case Algorithm::layout: {
      const bool finite = gpu.x.size() == cpu.x.size() &&
                          std::ranges::all_of(gpu.x, [](float x) { return std::isfinite(x); }) &&
                          std::ranges::all_of(gpu.y, [](float y) { return std::isfinite(y); });
      return {finite, "every vertex has a place"};
    }
    case Algorithm::jaccard:
    case Algorithm::overlap:
      return same_edges(cpu, gpu);
    case Algorithm::ego: {
      const Verdict edges = same_edges(cpu, gpu);
      return {edges.same && cpu.distances == gpu.distances, edges.how};
    }
    default:
      return within(largest_difference(cpu.values, gpu.values, false), 0, "largest difference");
  }
}

// What LLT_BENCH_ALGORITHMS names; nothing: all.
Result<std::vector<Algorithm>> wanted_algorithms() {
  std::vector<Algorithm> wanted;
  const char* names = std::getenv("LLT_BENCH_ALGORITHMS");
  for (const auto part : std::views::split(std::string_view(names == nullptr ? "" : names), ',')) {
    const std::string_view name(part.begin(), part.end());
    const AlgorithmInfo* info = find_algorithm(name);
    if (info == nullptr)
      return fail(ErrorCode::invalid_argument, fmt::format("LLT_BENCH_ALGORITHMS: no algorithm '{}'", name));
    wanted.push_back(info->id);
  }
  return wanted;
}

// Small graphs are asked everything, in both directions; large ones are for times.
std::vector<Request> requests(std::uint64_t edges, const std::vector<Algorithm>& wanted) {
  const bool small = edges <= 2000;
  std::vector<Request> all;
  for (const AlgorithmInfo& info : algorithms()) {
    Request request;
    request.algorithm = info.id;
    if (!gpu_can(info.id) || (!wanted.empty() && std::ranges::find(wanted, info.id) == wanted.end()))
      continue;
    if (info.id == Algorithm::ego) request.radius = 2;
    if (info.starts_somewhere) request.from = {0};
    if (info.id == Algorithm::betweenness || info.id == Algorithm::edge_betweenness)
      request.samples = small ? 1'000'000 : edges > 2'000'000 ? 8 : 64;
    if (info.id == Algorithm::layout) request.iterations = 50;
    all.push_back(request);
    if (!small) continue;
    if (info.direction == Direction::directed || info.direction == Direction::undirected) {
      Request other = request;
      other.directed = info.direction == Direction::undirected;
      all.push_back(other);
    }
    if (info.id == Algorithm::pagerank) {
      request.from = {0};
      all.push_back(request);
    }
    if (request.samples) {
      request.samples = 16;
      all.push_back(request);
    }
  }
  return all;
}

std::string name_of(const Request& request) {
  std::string name(info_of(request.algorithm).name);
  if (request.directed) name += *request.directed ? " directed" : " undirected";
  if (request.algorithm == Algorithm::pagerank && !request.from.empty()) name += " personalised";
  if (request.samples && *request.samples < 1'000'000) name += fmt::format(" from {}", *request.samples);
  return name;
}

std::string quoted(std::string text) {
  std::ranges::replace(text, '"', '\'');
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == '\\'; }, ' ');
  return '"' + text + '"';
}

std::string number(double value) {
  return std::isfinite(value) && value > 0 ? fmt::format("{:.3f}", value) : "null";
}

class Bench {
 public:
  explicit Bench(std::vector<Algorithm> wanted) : wanted_(std::move(wanted)), cpu_(make_cpu_backend()) {
    const SteadyNs begin = now_steady();
    auto made = make_gpu_backend();
    if (made) gpu_ = std::move(*made);
    fmt::print("{{\"gpu\":{},\"start_ms\":{},\"problem\":{}}}\n", gpu_ ? quoted(gpu_->version()) : "null",
               number(gpu_ ? ms_since(begin) : 0), made ? "null" : quoted(made.error().to_string()));
    if (const char* limit = std::getenv("LLT_BENCH_CPU_SECONDS")) cpu_limit_ms_ = std::atof(limit) * 1000;
  }

  bool run(std::string_view kind, std::uint64_t edges) {
    const EdgeList graph = test_graph(kind, edges, 7);
    if (graph.vertices == 0 || !cpu_->load(graph))
      return said(kind, graph, "no vertices: both back ends leave it out");
    if (gpu_ && !gpu_->load(graph)) restart();
    bool same = true;
    for (const Request& request : requests(edges, wanted_)) same = one(kind, graph, request) && same;
    return same;
  }

 private:
  static bool said(std::string_view kind, const EdgeList& graph, std::string_view what) {
    fmt::print("{{\"graph\":\"{}\",\"vertices\":{},\"edges\":{},\"note\":\"{}\"}}\n", kind, graph.vertices,
               graph.size(), what);
    return true;
  }

  // After a crash of the worker: a new one with the same graph.
  void restart() {
    auto made = make_gpu_backend();
    gpu_ = made ? std::move(*made) : nullptr;
  }

  bool one(std::string_view kind, const EdgeList& graph, const Request& request) {
    const std::string name = name_of(request);
    Timed cpu, gpu;
    auto& [last_ms, last_edges] = cpu_before_[request.algorithm];
    const auto size = static_cast<double>(graph.size());
    if (last_ms * size / std::max(last_edges, 1.0) < cpu_limit_ms_) {
      cpu = timed(*cpu_, request);
      last_ms = cpu.first_ms;
      last_edges = size;
    }
    const bool trivial =
        !std::ranges::any_of(std::views::iota(std::size_t{0}, graph.size()),
                             [&](std::size_t e) { return graph.source[e] != graph.target[e]; });
    if (gpu_ && !trivial) {
      gpu = timed(*gpu_, request);
      if (!gpu.outcome && gpu.outcome.error().code == ErrorCode::unavailable) {
        restart();
        if (gpu_) static_cast<void>(gpu_->load(graph));
      }
    }
    Verdict verdict{true, "not compared"};
    if (cpu.outcome && gpu.outcome) verdict = compare(request, *cpu.outcome, *gpu.outcome);
    const std::string error =
        !gpu_ || trivial || gpu.outcome ? "null" : quoted(gpu.outcome.error().to_string());
    fmt::print(
        "{{\"graph\":\"{}\",\"vertices\":{},\"edges\":{},\"algorithm\":\"{}\",\"cpu_first_ms\":{},\"cpu_"
        "again_ms\":{},"
        "\"gpu_first_ms\":{},\"gpu_again_ms\":{},\"same\":{},\"how\":{},\"gpu_error\":{}}}\n",
        kind, graph.vertices, graph.size(), name, number(cpu.first_ms), number(cpu.again_ms),
        number(gpu.first_ms), number(gpu.again_ms),
        cpu.outcome && gpu.outcome ? (verdict.same ? "true" : "false") : "null", quoted(verdict.how), error);
    std::fflush(stdout);
    return verdict.same;
  }

  std::vector<Algorithm> wanted_;
  std::unique_ptr<Backend> cpu_, gpu_;
  double cpu_limit_ms_ = 60'000;
  std::map<Algorithm, std::pair<double, double>> cpu_before_;  // milliseconds and edges
};

// What the console asks for most, over and over with the graph in place.
Result<std::uint64_t> keep_busy(double seconds, const EdgeList& graph) {
  auto gpu = make_gpu_backend();
  if (!gpu) return std::unexpected(gpu.error());
  if (auto loaded = (*gpu)->load(graph); !loaded) return std::unexpected(loaded.error());
  const SteadyNs begin = now_steady();
  std::uint64_t runs = 0;
  while (true) {
    for (const Algorithm algorithm : {Algorithm::pagerank, Algorithm::louvain, Algorithm::layout}) {
      if (ms_since(begin) >= seconds * 1000) return runs;
      Request request;
      request.algorithm = algorithm;
      if (algorithm == Algorithm::layout) request.iterations = 50;
      if (auto outcome = (*gpu)->run(request, {}); !outcome) return std::unexpected(outcome.error());
      ++runs;
    }
  }
}

int busy(double seconds, const EdgeList& graph) {
  const auto runs = keep_busy(seconds, graph);
  if (!runs) return fmt::print(stderr, "backend_bench: {}\n", runs.error().to_string()), 1;
  fmt::print("{{\"busy_seconds\":{},\"vertices\":{},\"edges\":{},\"runs\":{}}}\n", seconds, graph.vertices,
             graph.size(), *runs);
  return 0;
}

// Whether cuGraph keeps to a limit that the program does not check: the graph goes to the worker as it is.
int limit(std::uint64_t bytes, std::uint64_t edges) {
  auto opened = gpu::WorkerProcess::open(gpu::analytics_gpu(), LLT_RAPIDS_GRAPHS, bytes);
  const gpu::GraphLayout layout(edges);
  const auto memory = gpu::SharedMemory::make(layout.size);
  if (!opened || !memory)
    return fmt::print(stderr, "backend_bench: {}\n", (opened ? memory.error() : opened.error()).to_string()),
           1;
  gpu::Command command;
  command.order = gpu::Order::load;
  command.graph.vertices = static_cast<std::uint32_t>(edges + 1);
  command.graph.arcs = edges;
  for (std::uint64_t e = 0; e < edges; ++e) {  // a path
    memory->at<std::int32_t>(0)[e] = static_cast<std::int32_t>(e);
    memory->at<std::int32_t>(layout.targets)[e] = static_cast<std::int32_t>(e + 1);
    memory->at<double>(layout.weights)[e] = 1;
  }
  const auto reply = opened->worker.ask(command, memory->fd());
  fmt::print("{{\"limit_bytes\":{},\"edges\":{},\"out_of_memory\":{},\"error\":{}}}\n", bytes, edges,
             !reply && reply.error().code == ErrorCode::resource_exhausted,
             quoted(reply ? "" : reply.error().to_string()));
  return 0;
}

int main_of(int argc, char** argv) {
  if (argc == 5 && argv[1] == std::string_view("--busy"))
    return busy(std::atof(argv[2]), test_graph(argv[4], std::strtoull(argv[3], nullptr, 10), 7));
  if (argc == 4 && argv[1] == std::string_view("--limit"))
    return limit(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  if (argc < 2) return fmt::print(stderr, "usage: backend_bench EDGES[,EDGES...] [KIND...]\n"), 2;
  std::vector<std::string> kinds(argv + 2, argv + argc);
  if (kinds.empty()) {
    for (const auto kind : test_graph_kinds()) kinds.emplace_back(kind);
  }
  auto wanted = wanted_algorithms();
  if (!wanted) return fmt::print(stderr, "backend_bench: {}\n", wanted.error().to_string()), 2;
  Bench bench(std::move(*wanted));
  bool same = true;
  for (const char* size = argv[1]; size != nullptr;
       size = std::strchr(size, ',') ? std::strchr(size, ',') + 1 : nullptr) {
    for (const std::string& kind : kinds) same = bench.run(kind, std::strtoull(size, nullptr, 10)) && same;
  }
  return same ? 0 : 1;
}

}  // namespace
}  // namespace llt::analytics

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == llt::analytics::gpu::kWorkerArgument) return llt::analytics::gpu::run_worker();
  return llt::analytics::main_of(argc, argv);
}
