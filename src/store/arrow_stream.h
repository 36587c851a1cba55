#pragma once
// DuckDB's chunks as an Arrow IPC stream, by nanoarrow.

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/handles.h"

namespace llt::store {

class ArrowStream {
 public:
  /// Appends the schema message for `result`'s columns, under these names, to `out`, which must outlive the
  /// stream. Errors: unavailable (built without nanoarrow), invalid_argument (a type that Arrow IPC lacks).
  static Result<std::unique_ptr<ArrowStream>> begin(duckdb_result& result,
                                                    const std::vector<std::string>& names, std::string& out);
  virtual ~ArrowStream() = default;

  /// Appends one record batch.
  [[nodiscard]] virtual Result<> rows(duckdb_data_chunk chunk) = 0;
  /// Appends the end-of-stream mark.
  [[nodiscard]] virtual Result<> end() = 0;
};

}  // namespace llt::store
