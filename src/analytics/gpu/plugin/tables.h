/* The border between the plugin and libllamatelemetry_cudf.so, which holds every type of libcudf. It is a
   library of its own because it can only be opened once libcudf.so is: see README.md. */
#ifndef LLAMATELEMETRY_TABLES_H
#define LLAMATELEMETRY_TABLES_H

#include "analytics/gpu/rapids_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A table on the GPU. */
typedef struct llt_table llt_table;

/* As llt_rapids_load_table_fn and llt_rapids_ask_fn; without columns `rows` may be NULL: then the GPU is
   tried out. `room`: bytes of the GPU that one step may plan with. */
typedef int llt_cudf_load_fn(const struct ArrowSchema* schema, const struct ArrowArray* rows,
                             llt_table** table, llt_rapids_message* message);
typedef int llt_cudf_ask_fn(llt_table* table, const llt_rapids_question* question, uint64_t room,
                            struct ArrowArray* answer, llt_rapids_message* message);
typedef void llt_cudf_free_fn(llt_table* table);

#ifdef __cplusplus
}
#endif
#endif
