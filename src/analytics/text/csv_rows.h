#pragma once
// CSV as RFC 4180 has it, record by record: quoted fields may hold commas and line breaks.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace llt::analytics {

struct CsvRow {
  std::vector<std::string> fields;
  std::uint64_t line = 0;  ///< where it begins, from 1
};

class CsvRows {
 public:
  explicit CsvRows(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool at_end() const noexcept { return bytes_.empty(); }
  /// Errors (data_loss): a quote that is never closed, text behind a closed one.
  [[nodiscard]] Result<CsvRow> next();

 private:
  [[nodiscard]] Result<std::string> quoted_field();
  [[nodiscard]] std::string plain_field();

  std::string_view bytes_;
  std::uint64_t line_ = 1;
};

}  // namespace llt::analytics
