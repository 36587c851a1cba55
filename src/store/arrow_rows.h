#pragma once
// Reads an Arrow IPC stream, such as `Format::arrow` gives, while it comes: the columns as they are, for what
// is worked on elsewhere.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace llt::store {

enum class ArrowColumn : std::uint8_t {
  real,
  number,
  small_number,
  text
};  ///< DOUBLE, BIGINT, INTEGER, VARCHAR

/// Some rows; they live until the call that hands them over returns. A value that is NULL means nothing.
class ArrowBatch {
 public:
  virtual ~ArrowBatch() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual std::span<const double> reals(std::size_t column) const = 0;
  [[nodiscard]] virtual std::span<const std::int64_t> numbers(std::size_t column) const = 0;
  [[nodiscard]] virtual std::span<const std::int32_t> small_numbers(std::size_t column) const = 0;
  [[nodiscard]] virtual std::string_view text(std::size_t column, std::size_t row) const = 0;
  [[nodiscard]] virtual bool is_null(std::size_t column, std::size_t row) const = 0;
};

/// Its error ends the reading.
using ArrowSink = std::function<Result<>(const ArrowBatch&)>;

class ArrowRows {
 public:
  /// Errors: unavailable (built without nanoarrow).
  static Result<std::unique_ptr<ArrowRows>> make(std::vector<ArrowColumn> columns, ArrowSink sink);
  virtual ~ArrowRows() = default;

  /// The next bytes, of any number. Errors: data_loss (that is no such stream, or its columns are others),
  /// the sink's.
  [[nodiscard]] virtual Result<> take(std::string_view bytes) = 0;
  /// After the last bytes. Errors: data_loss (the stream is cut).
  [[nodiscard]] virtual Result<> end() = 0;
};

}  // namespace llt::store
