#pragma once
// A query's rows as typed columns, for what is worked on instead of shown. Only where the store itself is: readers
// that ask another process get text.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "store/reader.h"

namespace llt::store {

/// Some rows of a result. Texts and numbers live until the call that hands them over returns.
class RowChunk {
 public:
  virtual ~RowChunk() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// A column of BIGINT. Where a row is NULL the number means nothing: see is_null().
  [[nodiscard]] virtual std::span<const std::int64_t> numbers(std::size_t column) const = 0;
  /// A value of a column of VARCHAR; empty where it is NULL.
  [[nodiscard]] virtual std::string_view text(std::size_t column, std::size_t row) const = 0;
  [[nodiscard]] virtual bool is_null(std::size_t column, std::size_t row) const = 0;
};

/// Returns false to stop, as Sink does.
using ChunkSink = std::function<bool(const RowChunk&)>;

class RowScanner {
 public:
  virtual ~RowScanner() = default;
  /// As Reader::query(). Columns are BIGINT or VARCHAR; anything else is invalid_argument. Rows may reach the sink
  /// before an error is known: what was taken counts only when this succeeds.
  [[nodiscard]] virtual Result<QueryInfo> scan(std::string_view sql, const QueryLimits& limits,
                                               const ChunkSink& sink) = 0;
};

/// scan() of a reader that is a store; unavailable for any other.
[[nodiscard]] Result<QueryInfo> scan(Reader& reader, std::string_view sql, const QueryLimits& limits,
                                     const ChunkSink& sink);

}  // namespace llt::store
