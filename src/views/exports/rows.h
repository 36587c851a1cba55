#pragma once
// The rows of a query, one after the other: a result of any size takes the memory of one row.

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/reader.h"

namespace llt::views {

/// One row, its columns by their place in the SELECT. Texts live until the next row.
class Row {
 public:
  explicit Row(simdjson::dom::object object);

  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }
  [[nodiscard]] bool known(std::size_t column) const { return !cells_[column].is_null(); }
  [[nodiscard]] std::optional<std::int64_t> integer(std::size_t column) const;
  [[nodiscard]] std::optional<std::uint64_t> natural(std::size_t column) const;
  [[nodiscard]] std::optional<double> real(std::size_t column) const;
  [[nodiscard]] std::string_view text(std::size_t column) const;                ///< empty when NULL
  [[nodiscard]] std::vector<std::uint64_t> naturals(std::size_t column) const;  ///< of a list
  [[nodiscard]] simdjson::dom::element cell(std::size_t column) const { return cells_[column]; }

 private:
  std::vector<simdjson::dom::element> cells_;
};

/// An error that it returns ends the query and is handed on.
using RowSink = std::function<Result<>(const Row&)>;

/// Errors: those of the store and of the sink; data_loss when the store's answer is not rows.
[[nodiscard]] Result<> for_each_row(store::Reader& reader, std::string_view sql, const RowSink& sink);

/// The tables and views that the store has; one of an earlier version lacks some.
[[nodiscard]] Result<std::vector<std::string>> table_names(store::Reader& reader);

/// Cuts the store's JSON, which has one object a line, into rows.
class RowCutter {
 public:
  explicit RowCutter(const RowSink& sink) : sink_(sink) {}
  [[nodiscard]] Result<> take(std::string_view piece);

 private:
  [[nodiscard]] Result<> line();

  const RowSink& sink_;
  simdjson::dom::parser parser_;
  std::string line_;  ///< has room for simdjson's padding behind it when parsed
};

/// Names as a list of literals: 'a', 'b'.
[[nodiscard]] std::string sql_texts(const std::vector<std::string>& texts);

}  // namespace llt::views
