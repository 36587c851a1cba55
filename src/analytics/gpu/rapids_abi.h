/* The border between the program and the plugin that holds every RAPIDS type: plain C, arrays on the host. */
#ifndef LLAMATELEMETRY_RAPIDS_ABI_H
#define LLAMATELEMETRY_RAPIDS_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever anything below does; a plugin with another number is refused. */
#define LLT_RAPIDS_ABI 2

enum llt_rapids_status {
  LLT_RAPIDS_OK = 0,
  LLT_RAPIDS_FAILED = 1,
  LLT_RAPIDS_OUT_OF_MEMORY = 2, /* of the GPU; smaller graphs may still work */
  LLT_RAPIDS_UNAVAILABLE = 3    /* no GPU, no driver, no libraries: nothing will work */
};

enum llt_rapids_algorithm {
  LLT_RAPIDS_PAGERANK = 0,
  LLT_RAPIDS_LOUVAIN = 1,
  LLT_RAPIDS_LEIDEN = 2,
  /* 3 was betweenness of vertices, which follows from that of edges */
  LLT_RAPIDS_EDGE_BETWEENNESS = 4,
  LLT_RAPIDS_WEAK_COMPONENTS = 5,
  LLT_RAPIDS_STRONG_COMPONENTS = 6,
  LLT_RAPIDS_CORE_NUMBER = 7,
  LLT_RAPIDS_TRIANGLES = 8,
  LLT_RAPIDS_BFS = 9,
  LLT_RAPIDS_SSSP = 10,
  LLT_RAPIDS_FORCE_ATLAS2 = 11
};

/* One GPU and the graphs that lie on it. Used by one thread. */
typedef struct llt_rapids llt_rapids;

/* What went wrong, in words; ended by a zero. */
typedef struct {
  char text[1024];
} llt_rapids_message;

/* Vertices are 0 to vertices - 1; no two arcs are the same pair. */
typedef struct {
  uint32_t vertices;
  uint8_t symmetric;  /* every arc is there both ways */
  uint8_t transposed; /* stored by target: what PageRank wants, and nothing else may have */
  uint8_t wide;       /* 64-bit vertices: counts of paths then do not overflow at 2^31 */
  uint64_t arcs;
  const int32_t* sources;
  const int32_t* targets;
  const double* weights;
} llt_rapids_graph;

typedef struct {
  uint32_t algorithm;
  uint32_t iterations; /* ForceAtlas2 */
  double damping;      /* PageRank */
  double resolution;   /* Louvain, Leiden */
  uint64_t seed;
  const int32_t*
      vertices; /* where to start (BFS, SSSP), jump to (PageRank), count paths from (betweenness) */
  uint32_t vertex_count;
} llt_rapids_request;

/* Room for one number a vertex (or an arc, for edge betweenness) in each array that the algorithm fills. */
typedef struct {
  double* values; /* PageRank, core number, triangles; edge betweenness as plain sums over sources; distances,
                     infinite where there is no path */
  int32_t* groups; /* communities, components: any numbers from 0; predecessors, -1 for none */
  float* x;
  float* y;
  int32_t* arc_sources; /* edge betweenness, with values */
  int32_t* arc_targets;
  uint64_t arc_count; /* in: room; out: filled */
} llt_rapids_answer;

/* What the plugin exports. */
typedef uint32_t llt_rapids_abi_fn(void);
/* `folders`: where RAPIDS and CUDA libraries lie, separated by colons. Tries the GPU out. */
typedef int llt_rapids_open_fn(const char* folders, llt_rapids** rapids, llt_rapids_message* message);
typedef const char* llt_rapids_version_fn(const llt_rapids* rapids);
typedef int llt_rapids_memory_fn(llt_rapids* rapids, uint64_t* free_bytes, uint64_t* total_bytes);
/* Puts a graph into one of 16 places on the GPU; a graph without arcs empties the place. */
typedef int llt_rapids_load_fn(llt_rapids* rapids, uint32_t place, const llt_rapids_graph* graph,
                               llt_rapids_message* message);
typedef int llt_rapids_run_fn(llt_rapids* rapids, uint32_t place, const llt_rapids_request* request,
                              llt_rapids_answer* answer, llt_rapids_message* message);
typedef void llt_rapids_close_fn(llt_rapids* rapids);

#define LLT_RAPIDS_PLACES 16

#ifdef __cplusplus
}
#endif
#endif
