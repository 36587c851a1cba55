#pragma once
// A table as an Arrow IPC file.

#include "views/exports/byte_sink.h"
#include "views/exports/table.h"

namespace llt::views {

/// Writes `table` in batches, so that its size does not matter. Errors: those of the sink; unavailable (built
/// without nanoarrow).
[[nodiscard]] Result<> write_arrow_file(const Table& table, const ByteSink& sink);

}  // namespace llt::views
