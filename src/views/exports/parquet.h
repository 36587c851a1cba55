#pragma once
// The store's tables as Parquet files.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "store/reader.h"

namespace llt::views {

struct ParquetRequest {
  std::vector<std::string> tables;  ///< empty: all that the store has
  std::filesystem::path folder;     ///< made when it is not there
  std::optional<UnixNs> since;      ///< rows that are older are left out, of tables whose rows have a time
  bool content = false;             ///< with prompts and answers
};

struct ParquetFile {
  std::string table;
  std::filesystem::path path;
  std::uint64_t bytes = 0;
};

/// Told which table is being written and how many bytes of it are.
using ParquetProgress = std::function<void(std::string_view table, std::uint64_t bytes)>;

/// Writes one file for each table, TABLE.parquet; each appears when it is whole. Errors: invalid_argument (a
/// table that the store does not have), those of the store and of the disk.
[[nodiscard]] Result<std::vector<ParquetFile>> export_parquet(store::Reader& reader,
                                                              const ParquetRequest& request,
                                                              const ParquetProgress& progress);

}  // namespace llt::views
