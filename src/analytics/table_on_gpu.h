#pragma once
// A question about a table, answered on the GPU: the rows go there once, the figures come back, and DuckDB
// gives the keys their names again.

#include <memory>
#include <string>
#include <string_view>

#include "analytics/gpu/gpu_tables.h"
#include "analytics/table_question.h"
#include "store/scratch.h"

namespace llt::analytics {

/// An answer: what `sql` says of `rows`, with the columns and the order that table_sql() has.
struct TableRun {
  std::unique_ptr<store::Scratch> rows;
  std::string sql;
  std::string version;           ///< "cuDF 26.10.02, GPU 1"
  std::uint64_t table_rows = 0;  ///< that went to the GPU
  double read_ms = 0;            ///< the rows out of the store
  double move_ms = 0;            ///< to the GPU
  double ask_ms = 0;             ///< the work there, and the answer back
  double name_ms = 0;            ///< into a database again
};

/// Whether the GPU is worth starting, by operation and size alone.
struct TableChoice {
  bool gpu = false;
  std::string why;
};
/// Whether the size matters at all.
[[nodiscard]] bool size_decides(const TableQuestion& question);
/// `rows`, `window_rows`: as table_size_sql() has them.
[[nodiscard]] TableChoice choose_table(const TableQuestion& question, double rows, double window_rows);

/// The message of not_found when there are no rows. Then the CPU's answer is as good as any.
inline constexpr std::string_view kNoRows = "there are no rows: nothing for a GPU to do";

/// As ask_gpu(), by a worker that runs already, with the answer in tables `answer` and `keys` of `scratch`:
/// `rows` of the run stays empty.
[[nodiscard]] Result<TableRun> ask_gpu_into(store::Scratch& scratch, gpu::Tables& tables,
                                            store::Reader& reader, const TableQuestion& question);

/// `reader` has the table. The question has passed table_sql(). Errors: not_found (nothing to do: no rows; no
/// plugin), unavailable, resource_exhausted (memory), invalid_argument (what the GPU cannot do, what SQL
/// cannot), internal.
[[nodiscard]] Result<TableRun> ask_gpu(store::Reader& reader, const TableQuestion& question,
                                       const GpuOptions& gpu, const store::ReaderOptions& limits = {});

}  // namespace llt::analytics
