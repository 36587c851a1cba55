#include "analytics/gpu/plugin/algorithms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "analytics/pagerank_rest.h"

namespace llt::rapids {
namespace {

constexpr std::size_t kMostLevels = 100;

template <class T>
using Freed = std::unique_ptr<T, void (*)(T*)>;

/// One call of an algorithm: runs it and owns its result.
template <class Result, class Call>
Freed<Result> result_of(const Device& device, void (*free)(Result*), Call&& call) {
  Result* result = nullptr;
  device.check([&](cugraph_error_t** error) { return call(&result, error); });
  return {result, free};
}

/// Values come in cuGraph's own order of vertices.
template <class T>
void scatter(const Device& device, cugraph_type_erased_device_array_view_t* vertices,
             cugraph_type_erased_device_array_view_t* values, std::uint32_t count, T* out) {
  const auto at = fetch<std::int64_t>(device, vertices);
  const auto from = fetch<T>(device, values);
  if (at.size() != from.size())
    throw Failure(CUGRAPH_UNKNOWN_ERROR, "cuGraph gave more vertices than values");
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (at[i] < 0 || at[i] >= count)
      throw Failure(CUGRAPH_UNKNOWN_ERROR, "cuGraph gave a vertex that is not there");
    out[at[i]] = from[i];
  }
}

class Run {
 public:
  Run(DeviceGraph& graph, const llt_rapids_request& request, llt_rapids_answer& answer)
      : graph_(graph), device_(graph.device), api_(graph.device.api()), request_(request), answer_(answer) {}

  void dispatch() {
    switch (request_.algorithm) {
      case LLT_RAPIDS_PAGERANK:
        return pagerank();
      case LLT_RAPIDS_LOUVAIN:
      case LLT_RAPIDS_LEIDEN:
        return communities();
      case LLT_RAPIDS_EDGE_BETWEENNESS:
        return edge_betweenness();
      case LLT_RAPIDS_WEAK_COMPONENTS:
      case LLT_RAPIDS_STRONG_COMPONENTS:
        return components();
      case LLT_RAPIDS_CORE_NUMBER:
        return core_number();
      case LLT_RAPIDS_TRIANGLES:
        return triangles();
      case LLT_RAPIDS_JACCARD:
      case LLT_RAPIDS_OVERLAP:
        return similarity();
      case LLT_RAPIDS_BFS:
      case LLT_RAPIDS_SSSP:
        return paths();
      case LLT_RAPIDS_FORCE_ATLAS2:
        return layout();
      default:
        throw Failure(CUGRAPH_NOT_IMPLEMENTED, "this plugin does not know the algorithm");
    }
  }

 private:
  std::span<const std::int32_t> vertices() const { return {request_.vertices, request_.vertex_count}; }

  void pagerank() {
    const std::size_t rounds = analytics::pagerank_rounds(request_.damping);
    const double epsilon =  // cuGraph multiplies by the vertices
        analytics::pagerank_standstill(request_.damping) / std::max(1U, graph_.vertices);
    Freed<cugraph_centrality_result_t> result{nullptr, api_.centrality_result_free};
    if (vertices().empty()) {
      result = result_of<cugraph_centrality_result_t>(
          device_, api_.centrality_result_free, [&](auto** out, auto** error) {
            return api_.pagerank_allow_nonconvergence(device_.handle(), graph_.graph, nullptr, nullptr,
                                                      nullptr, nullptr, request_.damping, epsilon, rounds,
                                                      FALSE, out, error);
          });
    } else {
      const Array at = vertex_array(device_, vertices(), graph_.wide);
      const std::vector<double> share(vertices().size(), 1.0 / static_cast<double>(vertices().size()));
      const Array value(device_, std::span<const double>(share), FLOAT64);
      result = result_of<cugraph_centrality_result_t>(
          device_, api_.centrality_result_free, [&](auto** out, auto** error) {
            return api_.personalized_pagerank_allow_nonconvergence(
                device_.handle(), graph_.graph, nullptr, nullptr, nullptr, nullptr, at.view(), value.view(),
                request_.damping, epsilon, rounds, FALSE, out, error);
          });
    }
    scatter(device_, api_.centrality_result_get_vertices(result.get()),
            api_.centrality_result_get_values(result.get()), graph_.vertices, answer_.values);
  }

  void communities() {
    const Random random(device_, request_.seed);
    const auto result = result_of<cugraph_hierarchical_clustering_result_t>(
        device_, api_.hierarchical_clustering_result_free, [&](auto** out, auto** error) {
          if (request_.algorithm == LLT_RAPIDS_LOUVAIN)
            return api_.louvain(device_.handle(), graph_.graph, kMostLevels, 1e-7, request_.resolution, FALSE,
                                out, error);
          return api_.leiden(device_.handle(), random.state, graph_.graph, kMostLevels, request_.resolution,
                             1.0, FALSE, out, error);
        });
    scatter(device_, api_.hierarchical_clustering_result_get_vertices(result.get()),
            api_.hierarchical_clustering_result_get_clusters(result.get()), graph_.vertices, answer_.groups);
  }

  // cuGraph divides by the sources other than the vertex and by the rest of the vertices: both are undone, so
  // that plain sums leave the plugin.
  void edge_betweenness() {
    const Array sources = vertex_array(device_, vertices(), graph_.wide);
    const auto result = result_of<cugraph_edge_centrality_result_t>(
        device_, api_.edge_centrality_result_free, [&](auto** out, auto** error) {
          return api_.edge_betweenness_centrality(device_.handle(), graph_.graph, sources.view(), TRUE, FALSE,
                                                  out, error);
        });
    const auto from =
        fetch<std::int32_t>(device_, api_.edge_centrality_result_get_src_vertices(result.get()));
    const auto to = fetch<std::int32_t>(device_, api_.edge_centrality_result_get_dst_vertices(result.get()));
    const auto values = fetch<double>(device_, api_.edge_centrality_result_get_values(result.get()));
    if (values.size() > answer_.arc_count)
      throw Failure(CUGRAPH_UNKNOWN_ERROR, "cuGraph gave more edges than it got");
    const double k = request_.vertex_count, n = graph_.vertices;
    const double factor = n > 1 ? n * (n - 1) * (k < n ? k / n : 1) : 1;
    answer_.arc_count = values.size();
    std::ranges::copy(from, answer_.arc_sources);
    std::ranges::copy(to, answer_.arc_targets);
    std::ranges::transform(values, answer_.values, [&](double value) { return value * factor; });
  }

  void components() {
    const auto result = result_of<cugraph_labeling_result_t>(
        device_, api_.labeling_result_free, [&](auto** out, auto** error) {
          const auto call = request_.algorithm == LLT_RAPIDS_WEAK_COMPONENTS
                                ? api_.weakly_connected_components
                                : api_.strongly_connected_components;
          return call(device_.handle(), graph_.graph, FALSE, out, error);
        });
    scatter(device_, api_.labeling_result_get_vertices(result.get()),
            api_.labeling_result_get_labels(result.get()), graph_.vertices, answer_.groups);
  }

  void core_number() {
    const auto result =
        result_of<cugraph_core_result_t>(device_, api_.core_result_free, [&](auto** out, auto** error) {
          return api_.core_number(device_.handle(), graph_.graph, K_CORE_DEGREE_TYPE_OUT, FALSE, out, error);
        });
    scatter(device_, api_.core_result_get_vertices(result.get()),
            api_.core_result_get_core_numbers(result.get()), graph_.vertices, answer_.values);
  }

  void triangles() {
    const auto result = result_of<cugraph_triangle_count_result_t>(
        device_, api_.triangle_count_result_free, [&](auto** out, auto** error) {
          return api_.triangle_count(device_.handle(), graph_.graph, nullptr, FALSE, out, error);
        });
    scatter(device_, api_.triangle_count_result_get_vertices(result.get()),
            api_.triangle_count_result_get_counts(result.get()), graph_.vertices, answer_.values);
  }

  // cuGraph gives the values in the order of the pairs, and none of its own pairs back.
  void similarity() {
    const Array firsts = vertex_array(device_, {request_.firsts, request_.pair_count}, graph_.wide);
    const Array seconds = vertex_array(device_, {request_.seconds, request_.pair_count}, graph_.wide);
    const auto pairs =
        result_of<cugraph_vertex_pairs_t>(device_, api_.vertex_pairs_free, [&](auto** out, auto** error) {
          return api_.create_vertex_pairs(device_.handle(), graph_.graph, firsts.view(), seconds.view(), out,
                                          error);
        });
    const auto result = result_of<cugraph_similarity_result_t>(
        device_, api_.similarity_result_free, [&](auto** out, auto** error) {
          const auto call = request_.algorithm == LLT_RAPIDS_JACCARD ? api_.jaccard_coefficients
                                                                     : api_.overlap_coefficients;
          return call(device_.handle(), graph_.graph, pairs.get(), FALSE, FALSE, out, error);
        });
    const auto values = fetch<double>(device_, api_.similarity_result_get_similarity(result.get()));
    if (values.size() != request_.pair_count)
      throw Failure(CUGRAPH_UNKNOWN_ERROR, "cuGraph gave more or fewer values than it got pairs");
    std::ranges::copy(values, answer_.values);
  }

  void paths() {
    Array start = vertex_array(device_, vertices().first(1), graph_.wide);
    const bool hops = request_.algorithm == LLT_RAPIDS_BFS;
    const auto result =
        result_of<cugraph_paths_result_t>(device_, api_.paths_result_free, [&](auto** out, auto** error) {
          if (hops) {
            return api_.bfs(device_.handle(), graph_.graph, start.view(), FALSE,
                            std::numeric_limits<std::int32_t>::max(), TRUE, FALSE, out, error);
          }
          return api_.sssp(device_.handle(), graph_.graph, static_cast<std::size_t>(request_.vertices[0]),
                           std::numeric_limits<double>::max(), TRUE, FALSE, out, error);
        });
    scatter(device_, api_.paths_result_get_vertices(result.get()),
            api_.paths_result_get_distances(result.get()), graph_.vertices, answer_.values);
    scatter(device_, api_.paths_result_get_vertices(result.get()),
            api_.paths_result_get_predecessors(result.get()), graph_.vertices, answer_.groups);
    const double none = hops ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<double>::max();
    std::replace_if(
        answer_.values, answer_.values + graph_.vertices, [&](double distance) { return distance >= none; },
        std::numeric_limits<double>::infinity());
  }

  void layout() {
    const Random random(device_, request_.seed);
    const auto result =
        result_of<cugraph_layout_result_t>(device_, api_.layout_result_free, [&](auto** out, auto** error) {
          return api_.force_atlas2(device_.handle(), random.state, graph_.graph,
                                   static_cast<int>(request_.iterations), nullptr, nullptr, nullptr, FALSE,
                                   FALSE, FALSE, nullptr, nullptr, 100.0, 1.0, 1.0, TRUE, 0.5, 2.0, FALSE,
                                   1.0, nullptr, nullptr, nullptr, nullptr, FALSE, FALSE, out, error);
        });
    scatter(device_, api_.layout_result_get_vertices(result.get()),
            api_.layout_result_get_x_axis(result.get()), graph_.vertices, answer_.x);
    scatter(device_, api_.layout_result_get_vertices(result.get()),
            api_.layout_result_get_y_axis(result.get()), graph_.vertices, answer_.y);
  }

  struct Random {
    Random(const Device& device, std::uint64_t seed) : api(device.api()) {
      device.check([&](cugraph_error_t** error) {
        return api.rng_state_create(device.handle(), seed, &state, error);
      });
    }
    ~Random() { api.rng_state_free(state); }
    Random(const Random&) = delete;
    Random& operator=(const Random&) = delete;
    const CugraphApi& api;
    cugraph_rng_state_t* state = nullptr;
  };

  DeviceGraph& graph_;
  const Device& device_;
  const CugraphApi& api_;
  const llt_rapids_request& request_;
  llt_rapids_answer& answer_;
};

}  // namespace

DeviceGraph::DeviceGraph(const Device& on, const llt_rapids_graph& host)
    : device(on), vertices(host.vertices), symmetric(host.symmetric != 0), wide(host.wide != 0) {
  std::vector<std::int32_t> all(host.vertices);
  std::iota(all.begin(), all.end(), 0);
  const Array vertex_list = vertex_array(device, all, wide);
  const Array sources = vertex_array(device, {host.sources, host.arcs}, wide);
  const Array targets = vertex_array(device, {host.targets, host.arcs}, wide);
  const Array weights(device, std::span<const double>(host.weights, host.arcs), FLOAT64);
  const cugraph_graph_properties_t properties{symmetric ? TRUE : FALSE, FALSE};
  device.check([&](cugraph_error_t** error) {
    return device.api().graph_create_with_times_sg(
        device.handle(), &properties, vertex_list.view(), sources.view(), targets.view(), weights.view(),
        nullptr, nullptr, nullptr, nullptr, host.transposed != 0 ? TRUE : FALSE, TRUE, FALSE, FALSE, FALSE,
        FALSE, &graph, error);
  });
}

DeviceGraph::~DeviceGraph() { device.api().graph_free(graph); }

void run(DeviceGraph& graph, const llt_rapids_request& request, llt_rapids_answer& answer) {
  Run(graph, request, answer).dispatch();
}

}  // namespace llt::rapids
