#include "analytics/gpu/gpu_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "analytics/betweenness_scale.h"
#include "analytics/cpu/kernels.h"
#include "analytics/csr.h"
#include "analytics/gpu/gpu_similarity.h"
#include "analytics/gpu/gpu_tables.h"
#include "analytics/gpu/gpu_vectors.h"
#include "analytics/gpu/worker_process.h"
#include "analytics/path_counts.h"

namespace llt::analytics {
namespace {

using gpu::Command;
using gpu::Order;
using gpu::Reply;

struct Known {
  Algorithm algorithm;
  llt_rapids_algorithm number;
};
constexpr std::array<Known, 15> kKnown{{
    {Algorithm::pagerank, LLT_RAPIDS_PAGERANK},
    {Algorithm::louvain, LLT_RAPIDS_LOUVAIN},
    {Algorithm::leiden, LLT_RAPIDS_LEIDEN},
    {Algorithm::betweenness, LLT_RAPIDS_EDGE_BETWEENNESS},  // see betweenness_from_arcs()
    {Algorithm::edge_betweenness, LLT_RAPIDS_EDGE_BETWEENNESS},
    {Algorithm::components, LLT_RAPIDS_WEAK_COMPONENTS},
    {Algorithm::strong_components, LLT_RAPIDS_STRONG_COMPONENTS},
    {Algorithm::kcore, LLT_RAPIDS_CORE_NUMBER},
    {Algorithm::triangles, LLT_RAPIDS_TRIANGLES},
    {Algorithm::jaccard, LLT_RAPIDS_JACCARD},
    {Algorithm::overlap, LLT_RAPIDS_OVERLAP},
    {Algorithm::bfs, LLT_RAPIDS_BFS},
    {Algorithm::sssp, LLT_RAPIDS_SSSP},
    {Algorithm::ego, LLT_RAPIDS_BFS},  // cut at the radius here
    {Algorithm::layout, LLT_RAPIDS_FORCE_ATLAS2},
}};

const Known* known(Algorithm algorithm) {
  const auto found = std::ranges::find(kKnown, algorithm, &Known::algorithm);
  return found == kKnown.end() ? nullptr : &*found;
}

/// How a graph has to lie on the GPU for an algorithm.
struct Shape {
  CsrShape rows;
  bool transposed = false, wide = false;
  bool operator==(const Shape&) const = default;
};

Shape shape_for(const Request& request) {
  const Arcs arcs = takes_direction(request) ? Arcs::out : Arcs::both;
  switch (request.algorithm) {
    case Algorithm::pagerank:
      return {.rows = {.arcs = arcs}, .transposed = true};
    case Algorithm::louvain:
    case Algorithm::leiden:
      return {.rows = {.arcs = Arcs::both}};
    case Algorithm::layout:
      return {.rows = {.arcs = Arcs::both, .pulls = true}};
    case Algorithm::ego:  // loops change no path, but are part of the answer
      return {.rows = {.arcs = arcs}};
    case Algorithm::betweenness:
    case Algorithm::edge_betweenness:
      return {.rows = {.arcs = arcs, .loops = false}, .wide = true};
    case Algorithm::sssp:
      return {.rows = {.arcs = arcs, .parallel = Parallel::shortest, .loops = false}};
    default:
      return {.rows = {.arcs = arcs, .loops = false}};
  }
}

// What a graph and an algorithm's work take on the GPU, per arc and per vertex: the list that arrives, sorted
// copies of it, rows with weights. An estimate on the safe side; what really does not fit is reported by the
// GPU.
std::uint64_t estimated_bytes(const Csr& rows) {
  return rows.arcs() * 96 + std::uint64_t{rows.vertices()} * 96;
}

class GpuBackend final : public Backend {
 public:
  GpuBackend(gpu::WorkerProcess worker, const Reply& opened, std::string visible,
             std::optional<std::uint64_t> limit)
      : worker_(std::move(worker)),
        version_(opened.version),
        visible_(std::move(visible)),
        limit_(limit),
        free_(opened.free_bytes) {}

  [[nodiscard]] std::string name() const override { return "gpu"; }
  [[nodiscard]] std::string version() const override {
    return visible_.empty() ? version_ : fmt::format("{}, GPU {}", version_, visible_);
  }

  Result<> load(const EdgeList& edges) override {
    edges_ = &edges;
    return empty_all();
  }

  Result<Outcome> run(const Request& request, const Progress& /*progress*/) override {
    const Known* algorithm = known(request.algorithm);
    if (algorithm == nullptr)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the GPU back end has no {}", info_of(request.algorithm).name));
    if (request.algorithm == Algorithm::betweenness && takes_direction(request)) {
      return fail(ErrorCode::invalid_argument,
                  "betweenness of vertices along directed edges runs on the CPU only",
                  "leave --backend out, or give --backend cpu");
    }
    auto place = resident(shape_for(request));
    if (!place) return std::unexpected(place.error());
    if (auto countable = check_paths(request, places_[*place].rows); !countable)
      return std::unexpected(countable.error());
    if (request.algorithm == Algorithm::jaccard || request.algorithm == Algorithm::overlap)
      return similar(request.algorithm, *place);
    return compute(request, algorithm->number, *place);
  }

 private:
  struct Place {
    Shape shape;
    Csr rows;  // the host's copy: to better communities and to name edges
  };

  // cuGraph counts shortest paths in 64-bit integers and does not notice when they overflow. Counted from a
  // few vertices, with room to spare for the others.
  static Result<> check_paths(const Request& request, const Csr& rows) {
    if (request.algorithm != Algorithm::betweenness && request.algorithm != Algorithm::edge_betweenness)
      return {};
    constexpr double kSafe = 1e12;
    for (const Vertex source : sampled_sources(rows.vertices(), 3, request.seed)) {
      if (most_shortest_paths(rows, source) > kSafe) {
        return fail(ErrorCode::invalid_argument, "the graph has more shortest paths than cuGraph can count",
                    "the CPU counts further: --backend cpu");
      }
    }
    return {};
  }

  Result<> empty(std::uint32_t place) {
    Command command;
    command.order = Order::load;
    command.place = place;
    const auto memory = gpu::SharedMemory::make(0);
    if (!memory) return std::unexpected(memory.error());
    auto reply = worker_.ask(command, memory->fd());
    if (!reply) return std::unexpected(reply.error());
    free_ = reply->free_bytes;
    return {};
  }

  // The place of a graph of this shape; moves it to the GPU when it is not there yet.
  Result<std::uint32_t> resident(Shape shape) {
    const auto found = std::ranges::find(places_, shape, &Place::shape);
    if (found != places_.end()) return static_cast<std::uint32_t>(found - places_.begin());
    if (edges_->vertices > static_cast<Vertex>(std::numeric_limits<std::int32_t>::max()))
      return fail(ErrorCode::invalid_argument, "the GPU back end takes at most 2 147 483 647 vertices");
    Csr rows = build_csr(*edges_, shape.rows);
    auto moved = place_next(rows, shape);
    if (!moved && moved.error().code == ErrorCode::resource_exhausted && !places_.empty()) {
      if (auto emptied = empty_all(); !emptied) return std::unexpected(emptied.error());
      moved = place_next(rows, shape);
    }
    if (!moved) return std::unexpected(moved.error());
    places_.push_back({shape, std::move(rows)});
    return static_cast<std::uint32_t>(places_.size() - 1);
  }

  Result<> place_next(const Csr& rows, Shape shape) {
    if (auto room = check_room(rows); !room) return room;
    return move_there(rows, shape, static_cast<std::uint32_t>(places_.size()));
  }

  // Makes room: what was resident can be moved there again.
  Result<> empty_all() {
    for (std::uint32_t place = 0; place < places_.size(); ++place) {
      if (auto emptied = empty(place); !emptied) return emptied;
    }
    places_.clear();
    return {};
  }

  Result<> check_room(const Csr& rows) const {
    const std::uint64_t need = estimated_bytes(rows);
    const std::uint64_t room = std::min(limit_.value_or(UINT64_MAX), free_ == 0 ? UINT64_MAX : free_);
    if (need <= room) return {};
    return fail(
        ErrorCode::resource_exhausted,
        fmt::format("the graph needs about {} MiB of the GPU, {} MiB are left to it", need >> 20, room >> 20),
        "the CPU does the same: --backend cpu");
  }

  Result<> move_there(const Csr& rows, Shape shape, std::uint32_t place) {
    const gpu::GraphLayout layout(rows.arcs());
    const auto memory = gpu::SharedMemory::make(layout.size);
    if (!memory) return std::unexpected(memory.error());
    auto* sources = memory->at<std::int32_t>(0);
    auto* targets = memory->at<std::int32_t>(layout.targets);
    auto* weights = memory->at<double>(layout.weights);
    for (Vertex u = 0; u < rows.vertices(); ++u)
      std::fill(sources + rows.offsets[u], sources + rows.offsets[u + 1], static_cast<std::int32_t>(u));
    std::ranges::transform(rows.targets, targets, [](Vertex v) { return static_cast<std::int32_t>(v); });
    for (std::uint64_t arc = 0; arc < rows.arcs(); ++arc) weights[arc] = rows.weight(arc);
    Command command;
    command.order = Order::load;
    command.place = place;
    command.graph.vertices = rows.vertices();
    command.graph.symmetric = shape.rows.arcs == Arcs::both ? 1 : 0;
    command.graph.transposed = shape.transposed ? 1 : 0;
    command.graph.wide = shape.wide ? 1 : 0;
    command.graph.arcs = rows.arcs();
    auto reply = worker_.ask(command, memory->fd());
    if (!reply) return std::unexpected(reply.error());
    free_ = reply->free_bytes;
    return {};
  }

  // The vertices that the request carries to the GPU.
  std::vector<Vertex> vertices_of(const Request& request) const {
    if (request.algorithm == Algorithm::betweenness || request.algorithm == Algorithm::edge_betweenness)
      return sampled_sources(edges_->vertices, request.samples.value_or(edges_->vertices), request.seed);
    return request.from;
  }

  Result<Outcome> similar(Algorithm algorithm, std::uint32_t place) {
    auto edges = gpu::similar_edges(worker_, place, places_[place].rows, algorithm);
    if (!edges) return std::unexpected(edges.error());
    Outcome outcome;
    outcome.edge_values = std::move(*edges);
    return outcome;
  }

  Result<Outcome> compute(const Request& request, llt_rapids_algorithm algorithm, std::uint32_t place) {
    const Csr& rows = places_[place].rows;
    const std::vector<Vertex> vertices = vertices_of(request);
    Command command;
    command.order = Order::run;
    command.place = place;
    command.room = algorithm == LLT_RAPIDS_EDGE_BETWEENNESS ? rows.arcs() : rows.vertices();
    command.request.algorithm = algorithm;
    command.request.iterations = request.iterations.value_or(500);
    command.request.damping = request.damping;
    command.request.resolution = request.resolution;
    command.request.seed = request.seed;
    command.request.vertex_count = static_cast<std::uint32_t>(vertices.size());
    const gpu::RunLayout layout(command.room, vertices.size(), 0);
    const auto memory = gpu::SharedMemory::make(layout.size);
    if (!memory) return std::unexpected(memory.error());
    std::ranges::copy(vertices, memory->at<Vertex>(layout.vertices));
    const auto reply = worker_.ask(command, memory->fd());
    if (!reply) return std::unexpected(reply.error());
    return answer_of(request, rows, vertices, *reply, *memory, layout);
  }

  static Outcome answer_of(const Request& request, const Csr& rows, const std::vector<Vertex>& vertices,
                           const Reply& reply, const gpu::SharedMemory& memory,
                           const gpu::RunLayout& layout) {
    const Vertex n = rows.vertices();
    const double* values = memory.at<double>(0);
    const auto* groups = memory.at<std::int32_t>(layout.groups);
    Outcome outcome;
    switch (info_of(request.algorithm).answer) {
      case Answer::communities:
        outcome.groups.assign(groups, groups + n);
        number_by_size(outcome);
        // cuGraph's search ends with up to a third less modularity where there is hardly any structure.
        return cpu::better_communities(rows, request, std::move(outcome.groups));
      case Answer::components:
        outcome.groups.assign(groups, groups + n);
        number_by_size(outcome);
        break;
      case Answer::paths:
        outcome.distances.assign(values, values + n);
        for (Vertex v = 0; v < n; ++v)
          outcome.predecessors.push_back(groups[v] < 0 ? kNoVertex : static_cast<Vertex>(groups[v]));
        break;
      case Answer::neighbourhood:
        return cpu::neighbourhood(rows, request, {values, values + n});
      case Answer::positions:
        outcome.x.assign(memory.at<float>(layout.x), memory.at<float>(layout.x) + n);
        outcome.y.assign(memory.at<float>(layout.y), memory.at<float>(layout.y) + n);
        break;
      case Answer::edge_ranking:
        outcome.edge_values = edge_betweenness_of(rows, arc_sums(rows, reply, memory, layout),
                                                  vertices.size(), takes_direction(request));
        break;
      default:
        if (request.algorithm == Algorithm::betweenness)
          outcome.values = betweenness_from_arcs(rows, arc_sums(rows, reply, memory, layout), vertices);
        else
          outcome.values.assign(values, values + n);
    }
    return outcome;
  }

  static std::vector<double> arc_sums(const Csr& rows, const Reply& reply, const gpu::SharedMemory& memory,
                                      const gpu::RunLayout& layout) {
    std::vector<double> arcs(rows.arcs(), 0.0);
    const auto* sources = memory.at<std::int32_t>(layout.arc_sources);
    const auto* targets = memory.at<std::int32_t>(layout.arc_targets);
    for (std::uint64_t i = 0; i < reply.arcs; ++i)
      arcs[rows.find(static_cast<Vertex>(sources[i]), static_cast<Vertex>(targets[i]))] =
          memory.at<double>(0)[i];
    return arcs;
  }

  gpu::WorkerProcess worker_;
  std::string version_, visible_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t free_;
  const EdgeList* edges_ = nullptr;
  std::vector<Place> places_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_gpu_backend(const GpuOptions& options) {
  const std::string visible = options.visible.empty() ? gpu::analytics_gpu() : options.visible;
  auto opened = gpu::WorkerProcess::open(visible, LLT_RAPIDS_GRAPHS, options.memory_bytes.value_or(0));
  if (!opened) return std::unexpected(opened.error());
  return std::make_unique<GpuBackend>(std::move(opened->worker), opened->reply, visible,
                                      options.memory_bytes);
}

bool gpu_can(Algorithm algorithm) { return known(algorithm) != nullptr; }

}  // namespace llt::analytics

namespace llt::analytics::gpu {

Health examine() {
  const auto backend = make_gpu_backend();
  if (!backend) return {false, backend.error().message, backend.error().hint};
  const auto part = [](const auto& opened, std::string_view what) {
    return opened ? opened->version() : fmt::format("{} on the CPU: {}", what, opened.error().message);
  };
  return {true,
          fmt::format("{}; {}; {}", (*backend)->version(), part(Tables::open({}), "tables"),
                      part(Vectors::open({}), "vectors")),
          ""};
}

}  // namespace llt::analytics::gpu
