/* The border between the program and the plugin that holds every RAPIDS type: plain C, arrays on the host. */
#ifndef LLAMATELEMETRY_RAPIDS_ABI_H
#define LLAMATELEMETRY_RAPIDS_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever anything below does; a plugin with another number is refused. */
#define LLT_RAPIDS_ABI 5

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
  LLT_RAPIDS_FORCE_ATLAS2 = 11,
  LLT_RAPIDS_JACCARD = 12,
  LLT_RAPIDS_OVERLAP = 13
};

/* What is to be opened: each needs libraries of its own. */
enum llt_rapids_work { LLT_RAPIDS_GRAPHS = 0, LLT_RAPIDS_TABLES = 1, LLT_RAPIDS_VECTORS = 2 };

/* One GPU and the graphs, the table or the vectors that lie on it. Used by one thread. */
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
  const int32_t* firsts; /* pairs of vertices (Jaccard, overlap): of a symmetric graph without loops */
  const int32_t* seconds;
  uint64_t pair_count;
} llt_rapids_request;

/* Room for one number a vertex (an arc, for edge betweenness; a pair, for Jaccard and overlap) in each array
   that the algorithm fills. */
typedef struct {
  double* values; /* PageRank, core number, triangles; edge betweenness as plain sums over sources; distances,
                     infinite where there is no path; Jaccard and overlap of each pair, weights not used */
  int32_t* groups; /* communities, components: any numbers from 0; predecessors, -1 for none */
  float* x;
  float* y;
  int32_t* arc_sources; /* edge betweenness, with values */
  int32_t* arc_targets;
  uint64_t arc_count; /* in: room; out: filled */
} llt_rapids_answer;

/* Arrow's C data interface, as its specification writes it down. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
#endif

/* What is asked of a table with the columns value (float64), time (int64) and key (int32, no NULL). Rows of
   one key belong together; NULLs of the other columns are not known. NaN is above all other values, and equal
   to itself. Quantiles are interpolated between the two nearest values: low * (1 - d) + high * d. */
enum llt_rapids_question_kind {
  LLT_RAPIDS_FIGURES = 0, /* key, rows, count, sum, a quantile each: of each key */
  LLT_RAPIDS_BUCKETS =
      1, /* key, time, rows, count, sum, a quantile each: of each span of time; time has no NULL */
  LLT_RAPIDS_BINS =
      2, /* key, bin, count, low, high: of finite values without NULL; low to high are cut into bins */
  LLT_RAPIDS_ROLLING = 3, /* count, a quantile each: of the window up to each row, in the order of the rows */
  LLT_RAPIDS_OUTLIERS = 4 /* row, median, mad, count: where a row stands out from the window before it, which
                             the row itself is not part of; value has no NULL */
};

#define LLT_RAPIDS_QUANTILES 64

typedef struct {
  uint32_t kind;
  uint32_t bins;
  uint32_t least;          /* outliers: rows that the window must have */
  uint32_t quantile_count; /* at most LLT_RAPIDS_QUANTILES */
  int64_t every;           /* buckets: how long one is, above 0 */
  int64_t window;   /* rolling, outliers: how long, above 0; from time - window to time, both included */
  double threshold; /* outliers: least |z|; z is 0.6745 * (value - median) / mad */
  double quantiles[LLT_RAPIDS_QUANTILES];
} llt_rapids_question;

/* Vectors of length 1, row after row. */
typedef struct {
  uint64_t rows;
  uint64_t dimensions;
  const float* values;
} llt_rapids_vectors;

/* Of the rows from `first` on, `rows` many, the `count` most similar among all rows, at most as many as there
   are: by the inner product in single precision, the most similar first, a row itself among its own. Which of
   equal ones is not said. */
typedef struct {
  uint64_t first;
  uint64_t rows;
  uint64_t count;
} llt_rapids_nearest_question;

/* What the plugin exports. */
typedef uint32_t llt_rapids_abi_fn(void);
/* `folders`: where RAPIDS and CUDA libraries lie, separated by colons. `work`: llt_rapids_work.
   `memory_bytes`: what may be allocated on the GPU, at most; 0: what is free. Tries the GPU out. */
typedef int llt_rapids_open_fn(const char* folders, uint32_t work, uint64_t memory_bytes, llt_rapids** rapids,
                               llt_rapids_message* message);
typedef const char* llt_rapids_version_fn(const llt_rapids* rapids);
typedef int llt_rapids_memory_fn(llt_rapids* rapids, uint64_t* free_bytes, uint64_t* total_bytes);
/* Puts a graph into one of 16 places on the GPU; a graph without arcs empties the place. */
typedef int llt_rapids_load_fn(llt_rapids* rapids, uint32_t place, const llt_rapids_graph* graph,
                               llt_rapids_message* message);
typedef int llt_rapids_run_fn(llt_rapids* rapids, uint32_t place, const llt_rapids_request* request,
                              llt_rapids_answer* answer, llt_rapids_message* message);
/* Puts a table on the GPU in place of the one before; both stay the caller's. */
typedef int llt_rapids_load_table_fn(llt_rapids* rapids, const struct ArrowSchema* schema,
                                     const struct ArrowArray* rows, llt_rapids_message* message);
/* The answer is one struct array, the caller's to release, with the columns of the kind: float64 for what is
   computed from values, int64 for the rest. In what order its rows come is told only for rolling. */
typedef int llt_rapids_ask_fn(llt_rapids* rapids, const llt_rapids_question* question,
                              struct ArrowArray* answer, llt_rapids_message* message);
/* Puts vectors on the GPU in place of those before. */
typedef int llt_rapids_load_vectors_fn(llt_rapids* rapids, const llt_rapids_vectors* vectors,
                                       llt_rapids_message* message);
/* Room for rows * count numbers in both: which rows were found, and how similar they are. */
typedef int llt_rapids_nearest_fn(llt_rapids* rapids, const llt_rapids_nearest_question* question,
                                  int64_t* found, float* similarities, llt_rapids_message* message);
typedef void llt_rapids_close_fn(llt_rapids* rapids);

#define LLT_RAPIDS_PLACES 16

#ifdef __cplusplus
}
#endif
#endif
