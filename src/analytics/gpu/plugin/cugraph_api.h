#pragma once
// The functions of cuGraph's C API that are used, looked up by name: nothing of RAPIDS is linked.
// The headers are included one by one: algorithms.h and layout_algorithms.h cannot be included together, and
// all of them define names such as TRUE and INT32.

#include <cugraph_c/array.h>
#include <cugraph_c/centrality_algorithms.h>
#include <cugraph_c/community_algorithms.h>
#include <cugraph_c/core_algorithms.h>
#include <cugraph_c/error.h>
#include <cugraph_c/graph.h>
#include <cugraph_c/graph_functions.h>
#include <cugraph_c/labeling_algorithms.h>
#include <cugraph_c/layout_algorithms.h>
#include <cugraph_c/random.h>
#include <cugraph_c/resource_handle.h>
#include <cugraph_c/similarity_algorithms.h>
#include <cugraph_c/traversal_algorithms.h>

#include <string>

// clang-format off
#define LLT_CUGRAPH_FUNCTIONS(X) \
  X(create_resource_handle) X(free_resource_handle) X(error_message) X(error_free) \
  X(type_erased_device_array_create) X(type_erased_device_array_free) X(type_erased_device_array_view) \
  X(type_erased_device_array_view_free) X(type_erased_device_array_view_size) \
  X(type_erased_device_array_view_type) X(type_erased_device_array_view_copy_from_host) \
  X(type_erased_device_array_view_copy_to_host) X(graph_create_with_times_sg) X(graph_free) \
  X(rng_state_create) X(rng_state_free) X(pagerank_allow_nonconvergence) \
  X(personalized_pagerank_allow_nonconvergence) X(centrality_result_get_vertices) \
  X(centrality_result_get_values) X(centrality_result_free) \
  X(edge_betweenness_centrality) X(edge_centrality_result_get_src_vertices) \
  X(edge_centrality_result_get_dst_vertices) X(edge_centrality_result_get_values) \
  X(edge_centrality_result_free) X(louvain) X(leiden) X(hierarchical_clustering_result_get_vertices) \
  X(hierarchical_clustering_result_get_clusters) X(hierarchical_clustering_result_free) \
  X(weakly_connected_components) X(strongly_connected_components) X(labeling_result_get_vertices) \
  X(labeling_result_get_labels) X(labeling_result_free) X(core_number) X(core_result_get_vertices) \
  X(core_result_get_core_numbers) X(core_result_free) X(triangle_count) \
  X(triangle_count_result_get_vertices) X(triangle_count_result_get_counts) \
  X(triangle_count_result_free) X(create_vertex_pairs) X(vertex_pairs_free) X(jaccard_coefficients) \
  X(overlap_coefficients) X(similarity_result_get_similarity) X(similarity_result_free) X(bfs) X(sssp) \
  X(paths_result_get_vertices) X(paths_result_get_distances) \
  X(paths_result_get_predecessors) X(paths_result_free) X(force_atlas2) \
  X(layout_result_get_vertices) X(layout_result_get_x_axis) X(layout_result_get_y_axis) \
  X(layout_result_free)
// clang-format on

namespace llt::rapids {

struct CugraphApi {
// NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a member
#define LLT_DECLARE(name) decltype(&cugraph_##name) name = nullptr;
  LLT_CUGRAPH_FUNCTIONS(LLT_DECLARE)
#undef LLT_DECLARE

  /// Looks all of them up; the name of the first that is missing, or nothing.
  [[nodiscard]] std::string resolve(void* library);
};

}  // namespace llt::rapids
