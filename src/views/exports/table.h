#pragma once
// A table that is written out cell by cell: it may be larger than what its cells are made from.

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace llt::views {

enum class ColumnType : std::uint8_t {
  text,
  integer,
  real,
  time,  ///< nanoseconds since 1970, UTC
};

/// What is not known is the empty alternative. Times are integers.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

struct TableColumn {
  std::string name;
  ColumnType type;
  std::function<Cell(std::size_t row)> at;
};

struct Table {
  std::size_t rows = 0;
  std::vector<TableColumn> columns;

  [[nodiscard]] const TableColumn* find(std::string_view name) const {
    for (const TableColumn& column : columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }
};

}  // namespace llt::views
