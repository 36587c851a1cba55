#pragma once
// Edge lists in CSV or Parquet files, read through the database engine. They are files of the user's, outside
// the store; nothing of them is kept.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace llt::store {

/// Some rows of an edge list. What is missing or empty is nullopt; the texts live until the call returns.
struct EdgeRows {
  std::span<const std::optional<std::string_view>> sources, targets;
  std::span<const std::optional<double>> weights;  ///< empty when the file has no weights
};

/// Takes rows in the order of the file; after an error of its own it is not called again.
using EdgeSink = std::function<Result<>(const EdgeRows&)>;

struct EdgeFileInfo {
  bool weighted = false;
  bool text_ids = false;  ///< a Parquet file whose ids are text even where they look like numbers
};

/// Where the columns of an edge list stand.
struct EdgeColumns {
  std::size_t source = 0, target = 0;
  std::optional<std::size_t> weight;
};

/// Finds `src`, `dst` and `weight` among a file's column names, in any case; also under the names `source` or
/// `from` and `target`, `destination` or `to`. Errors: a column that is missing or is there twice.
[[nodiscard]] Result<EdgeColumns> find_edge_columns(std::span<const std::string> names);

/// The fields of a CSV file's header line, split at the first of `,` `;` and tab that gives both columns.
struct CsvHeader {
  std::vector<std::string> names;
  char delimiter = ',';
};
[[nodiscard]] CsvHeader parse_csv_header(std::string_view line);

/// Reads a file that begins with "PAR1" as Parquet and any other as CSV (RFC 4180, UTF-8, with a header
/// line). Errors: not_found, permission_denied, invalid_argument (columns), data_loss (rows that cannot be
/// read, each of the first few with its line number). Nothing is read but this file.
[[nodiscard]] Result<EdgeFileInfo> read_edge_file(const std::filesystem::path& file, const EdgeSink& sink);

}  // namespace llt::store
