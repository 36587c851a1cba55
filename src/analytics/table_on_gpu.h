#pragma once
// A question about a table, answered on the GPU: the rows go there once, the figures come back, and DuckDB
// gives the keys their names again.

#include <memory>
#include <string>

#include "analytics/gpu/gpu_backend.h"
#include "analytics/table_question.h"
#include "store/scratch.h"

namespace llt::analytics {

/// An answer: what `sql` says of `rows`, with the columns and the order that table_sql() has.
struct TableRun {
  std::unique_ptr<store::Scratch> rows;
  std::string sql;
  std::string version;             ///< "cuDF 26.10.02, GPU 1"
  std::uint64_t table_rows = 0;    ///< that went to the GPU
  double read_ms = 0;              ///< the rows out of the store
  double start_ms = 0;             ///< the worker, its libraries, CUDA
  double move_ms = 0, ask_ms = 0;  ///< to the GPU; the work there, and back
  double name_ms = 0;              ///< into a database again
};

/// From which number of rows on the GPU is quicker; UINT64_MAX: never seen to be.
[[nodiscard]] std::uint64_t gpu_crossover(TableOperation operation);

/// As ask_gpu(), with the answer in tables `answer` and `keys` of `scratch`: `rows` of the run stays empty.
[[nodiscard]] Result<TableRun> ask_gpu_into(store::Scratch& scratch, store::Reader& reader,
                                            const TableQuestion& question, const GpuOptions& gpu);

/// `reader` has the table. The question has passed table_sql(). Errors: not_found (nothing to do: no rows; no
/// plugin), unavailable, resource_exhausted (memory), invalid_argument (what the GPU cannot do, what SQL
/// cannot), internal.
[[nodiscard]] Result<TableRun> ask_gpu(store::Reader& reader, const TableQuestion& question,
                                       const GpuOptions& gpu, const store::ReaderOptions& limits = {});

}  // namespace llt::analytics
