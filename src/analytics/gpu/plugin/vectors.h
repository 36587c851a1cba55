/* The border between the plugin and libllamatelemetry_cuvs.so, which knows cuVS. It is a library of its own
   because it can only be opened once libcuvs_c.so is: see README.md. */
#ifndef LLAMATELEMETRY_VECTORS_H
#define LLAMATELEMETRY_VECTORS_H

#include "analytics/gpu/rapids_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Vectors on the GPU. */
typedef struct llt_vectors llt_vectors;

/* As llt_rapids_load_vectors_fn and llt_rapids_nearest_fn; `vectors` may be NULL: then the GPU is tried out
   and nothing is given back. */
typedef int llt_cuvs_load_fn(const llt_rapids_vectors* vectors, llt_vectors** loaded,
                             llt_rapids_message* message);
typedef int llt_cuvs_nearest_fn(llt_vectors* vectors, const llt_rapids_nearest_question* question,
                                int64_t* found, float* similarities, llt_rapids_message* message);
typedef void llt_cuvs_free_fn(llt_vectors* vectors);

#ifdef __cplusplus
}
#endif
#endif
