// A plugin without a GPU for tests of the worker: the CPU back end answers behind the same border, and
// LLT_TEST_PLUGIN=abi|unavailable|crash|memory|small|few|inexact makes it fail in the ways that a GPU can.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <numeric>
#include <string_view>
#include <vector>

#include "analytics/cpu/cpu_backend.h"
#include "analytics/gpu/rapids_abi.h"
#include "analytics/gpu/test_tables.h"

namespace analytics = llt::analytics;

struct llt_rapids {
  analytics::EdgeList graphs[LLT_RAPIDS_PLACES];
  analytics::TestTable table;
  llt_rapids_vectors shape{};
  std::vector<float> vectors;
};

namespace {

bool fault(std::string_view name) {
  const char* wanted = std::getenv("LLT_TEST_PLUGIN");
  return wanted != nullptr && wanted == name;
}

analytics::Request request_of(const llt_rapids_request& request) {
  using enum analytics::Algorithm;
  constexpr analytics::Algorithm kByNumber[] = {
      pagerank,  louvain, leiden, betweenness, edge_betweenness, components, strong_components, kcore,
      triangles, bfs,     sssp,   layout};
  analytics::Request out;
  out.algorithm = kByNumber[request.algorithm];
  out.damping = request.damping;
  out.resolution = request.resolution;
  out.iterations = request.iterations;
  const auto direction = analytics::info_of(out.algorithm).direction;
  if (direction == analytics::Direction::directed || direction == analytics::Direction::undirected)
    out.directed = true;
  for (std::uint32_t i = 0; i < request.vertex_count; ++i)
    out.from.push_back(static_cast<analytics::Vertex>(request.vertices[i]));
  return out;
}

std::vector<std::vector<analytics::Vertex>> neighbours_of(const analytics::EdgeList& graph) {
  std::vector<std::vector<analytics::Vertex>> rows(graph.vertices);
  for (std::size_t arc = 0; arc < graph.size(); ++arc) rows[graph.source[arc]].push_back(graph.target[arc]);
  for (auto& row : rows) std::ranges::sort(row);
  return rows;
}

// From the arcs and pairs that came, by the definition.
int similarity(const analytics::EdgeList& graph, const llt_rapids_request& request, double* values,
               llt_rapids_message* message) {
  if (fault("few") && request.pair_count > 100) {
    std::snprintf(message->text, sizeof message->text, "std::bad_alloc: out_of_memory");
    return LLT_RAPIDS_OUT_OF_MEMORY;
  }
  const auto rows = neighbours_of(graph);
  for (uint64_t pair = 0; pair < request.pair_count; ++pair) {
    const auto& a = rows[static_cast<std::size_t>(request.firsts[pair])];
    const auto& b = rows[static_cast<std::size_t>(request.seconds[pair])];
    std::vector<analytics::Vertex> common;
    std::ranges::set_intersection(a, b, std::back_inserter(common));
    const std::size_t all = request.algorithm == LLT_RAPIDS_JACCARD ? a.size() + b.size() - common.size()
                                                                    : std::min(a.size(), b.size());
    values[pair] =
        static_cast<double>(common.size()) / static_cast<double>(all) + (fault("inexact") ? 0.001 : 0);
  }
  return LLT_RAPIDS_OK;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) uint32_t llt_rapids_abi(void) {
  return LLT_RAPIDS_ABI + (fault("abi") ? 1 : 0);
}

__attribute__((visibility("default"))) int llt_rapids_open(const char*, uint32_t, uint64_t, llt_rapids** out,
                                                           llt_rapids_message* message) {
  if (fault("unavailable")) {
    std::snprintf(message->text, sizeof message->text, "this machine has no driver");
    return LLT_RAPIDS_UNAVAILABLE;
  }
  *out = new llt_rapids;
  return LLT_RAPIDS_OK;
}

__attribute__((visibility("default"))) const char* llt_rapids_version(const llt_rapids*) {
  return "a plugin for tests";
}

__attribute__((visibility("default"))) int llt_rapids_memory(llt_rapids*, uint64_t* free_bytes,
                                                             uint64_t* total_bytes) {
  *free_bytes = *total_bytes = fault("small") ? 1024 : uint64_t{1} << 34;
  return LLT_RAPIDS_OK;
}

__attribute__((visibility("default"))) int llt_rapids_load(llt_rapids* rapids, uint32_t place,
                                                           const llt_rapids_graph* graph,
                                                           llt_rapids_message*) {
  analytics::EdgeList& edges = rapids->graphs[place];
  edges = {};
  edges.vertices = graph->vertices;
  for (uint64_t arc = 0; arc < graph->arcs; ++arc) {
    const auto u = static_cast<analytics::Vertex>(graph->sources[arc]),
               v = static_cast<analytics::Vertex>(graph->targets[arc]);
    edges.add(u, v, graph->weights[arc]);
  }
  return LLT_RAPIDS_OK;
}

__attribute__((visibility("default"))) int llt_rapids_run(llt_rapids* rapids, uint32_t place,
                                                          const llt_rapids_request* request,
                                                          llt_rapids_answer* answer,
                                                          llt_rapids_message* message) {
  if (fault("crash")) std::abort();
  if (fault("memory")) {
    std::snprintf(message->text, sizeof message->text, "std::bad_alloc: out_of_memory");
    return LLT_RAPIDS_OUT_OF_MEMORY;
  }
  if (request->algorithm == LLT_RAPIDS_JACCARD || request->algorithm == LLT_RAPIDS_OVERLAP)
    return similarity(rapids->graphs[place], *request, answer->values, message);
  const auto backend = analytics::make_cpu_backend();
  if (!backend->load(rapids->graphs[place])) return LLT_RAPIDS_FAILED;
  const auto outcome = backend->run(request_of(*request), {});
  if (!outcome) return LLT_RAPIDS_FAILED;
  if (!outcome->edge_values.empty()) {  // as plain sums over all vertices, which is what the border wants
    const double pairs =
        static_cast<double>(rapids->graphs[place].vertices) * (rapids->graphs[place].vertices - 1.0);
    answer->arc_count = outcome->edge_values.size();
    for (std::size_t i = 0; i < outcome->edge_values.size(); ++i) {
      answer->arc_sources[i] = static_cast<std::int32_t>(outcome->edge_values[i].source);
      answer->arc_targets[i] = static_cast<std::int32_t>(outcome->edge_values[i].target);
      answer->values[i] = outcome->edge_values[i].value * pairs;
    }
  }
  for (std::size_t v = 0; v < outcome->values.size(); ++v) answer->values[v] = outcome->values[v];
  for (std::size_t v = 0; v < outcome->distances.size(); ++v) {
    answer->values[v] = outcome->distances[v];
    answer->groups[v] = static_cast<std::int32_t>(outcome->predecessors[v]);
  }
  for (std::size_t v = 0; v < outcome->groups.size(); ++v)
    answer->groups[v] = static_cast<std::int32_t>(outcome->groups[v]);
  for (std::size_t v = 0; v < outcome->x.size(); ++v) {
    answer->x[v] = outcome->x[v];
    answer->y[v] = outcome->y[v];
  }
  return LLT_RAPIDS_OK;
}

__attribute__((visibility("default"))) int llt_rapids_load_table(llt_rapids* rapids,
                                                                 const ArrowSchema* schema,
                                                                 const ArrowArray* rows,
                                                                 llt_rapids_message*) {
  rapids->table = analytics::copy_table(*schema, *rows);
  return LLT_RAPIDS_OK;
}

__attribute__((visibility("default"))) int llt_rapids_ask(llt_rapids* rapids,
                                                          const llt_rapids_question* question,
                                                          ArrowArray* answer, llt_rapids_message* message) {
  if (fault("crash")) std::abort();
  if (fault("memory")) {
    std::snprintf(message->text, sizeof message->text, "std::bad_alloc: out_of_memory");
    return LLT_RAPIDS_OUT_OF_MEMORY;
  }
  analytics::answer_table(rapids->table, *question, *answer);
  return LLT_RAPIDS_OK;
}

__attribute__((visibility("default"))) int llt_rapids_load_vectors(llt_rapids* rapids,
                                                                   const llt_rapids_vectors* vectors,
                                                                   llt_rapids_message*) {
  rapids->shape = *vectors;
  rapids->vectors.assign(vectors->values, vectors->values + vectors->rows * vectors->dimensions);
  return LLT_RAPIDS_OK;
}

// Of equal ones the last ones: what a GPU makes of them cannot be foreseen. "few": for more than 100
// rows at a time there is too little memory.
__attribute__((visibility("default"))) int llt_rapids_nearest(llt_rapids* rapids,
                                                              const llt_rapids_nearest_question* question,
                                                              int64_t* found, float* similarities,
                                                              llt_rapids_message* message) {
  if (fault("crash")) std::abort();
  if (fault("memory") || (fault("few") && question->rows > 100)) {
    std::snprintf(message->text, sizeof message->text, "std::bad_alloc: out_of_memory");
    return LLT_RAPIDS_OUT_OF_MEMORY;
  }
  const auto dimensions = static_cast<std::ptrdiff_t>(rapids->shape.dimensions);
  std::vector<float> all(rapids->shape.rows);
  std::vector<int64_t> order(rapids->shape.rows);
  for (uint64_t row = question->first; row < question->first + question->rows; ++row) {
    const float* mine = rapids->vectors.data() + static_cast<std::ptrdiff_t>(row) * dimensions;
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = std::inner_product(mine, mine + dimensions,
                                  rapids->vectors.data() + static_cast<std::ptrdiff_t>(i) * dimensions, 0.0F);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](int64_t a, int64_t b) {
      const float left = all[static_cast<std::size_t>(a)], right = all[static_cast<std::size_t>(b)];
      return left != right ? left > right : a > b;
    });
    for (uint64_t i = 0; i < question->count; ++i) {
      *found++ = order[i];
      *similarities++ = all[static_cast<std::size_t>(order[i])] + (fault("inexact") ? 0.001F : 0);
    }
  }
  return LLT_RAPIDS_OK;
}

}  // extern "C"
