#pragma once
// A database in memory, for rows that were computed elsewhere and are to come out as those of a query do.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/reader.h"

namespace llt::store {

/// A column of BIGINT or DOUBLE, whichever the table has: 8 bytes a value. Bit i of `valid` says whether
/// value i is known; without `valid` all are.
struct ScratchColumn {
  const void* values = nullptr;
  const std::uint64_t* valid = nullptr;
};

/// One thread at a time.
class Scratch : public Reader {
 public:
  static Result<std::unique_ptr<Scratch>> make(const ReaderOptions& options = {});

  /// Runs SQL of ours, not of users.
  [[nodiscard]] virtual Result<> execute(const std::string& sql) = 0;
  /// Appends rows to a table that has as many columns of BIGINT and DOUBLE.
  [[nodiscard]] virtual Result<> append(const std::string& table, std::span<const ScratchColumn> columns,
                                        std::size_t rows) = 0;
  /// Appends rows (number, texts...) to a table of a BIGINT and VARCHARs. Row i is numbered i.
  [[nodiscard]] virtual Result<> append_texts(
      const std::string& table, std::span<const std::vector<std::optional<std::string>>> columns) = 0;
};

}  // namespace llt::store
