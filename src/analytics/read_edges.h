#pragma once
// An edge list from a file.

#include <filesystem>

#include "analytics/edges.h"
#include "base/error.h"

namespace llt::analytics {

/// Reads `src,dst[,weight]` from a CSV or Parquet file. Blanks around ids are dropped. Errors, with the
/// number of the row: an id that is missing, a weight that is missing, negative, infinite or not a number, a
/// header line that comes again. Nothing is skipped.
[[nodiscard]] Result<NamedGraph> read_edges(const std::filesystem::path& file);

}  // namespace llt::analytics
