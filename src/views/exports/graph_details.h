#pragma once
// What else is known of a graph's vertices: columns beside their ids, by the kind of the graph.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analytics/store_graphs.h"
#include "views/exports/table.h"

namespace llt::views {

/// A column's cells, texts that repeat kept once.
class DetailColumn {
 public:
  DetailColumn(std::string name, ColumnType type, std::size_t rows)
      : name_(std::move(name)), type_(type), cells_(rows), known_(rows) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] ColumnType type() const noexcept { return type_; }
  [[nodiscard]] Cell at(std::size_t row) const;
  void set(std::size_t row, const Cell& cell);

 private:
  std::string name_;
  ColumnType type_;
  std::vector<std::int64_t> cells_;  ///< the number, a double's bits, or the place of the text
  std::vector<bool> known_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::int64_t> places_;
};

/// Of the graph KIND of the store. What people wrote is among them only with `content`. Empty for kinds of
/// which nothing more is known. Errors: those of the store.
[[nodiscard]] Result<std::vector<DetailColumn>> read_details(store::Reader& reader, std::string_view kind,
                                                             const analytics::StoreGraphRequest& request,
                                                             const analytics::IdTable& ids, bool content);

/// Of a model's tensors: layer and part, as their names have them.
[[nodiscard]] std::vector<DetailColumn> model_details(const analytics::IdTable& ids);

}  // namespace llt::views
