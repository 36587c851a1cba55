#include "views/exports/rows.h"

#include "base/sql_literal.h"

namespace llt::views {

Row::Row(simdjson::dom::object object) {
  for (const auto field : object) cells_.push_back(field.value);
}

std::optional<std::int64_t> Row::integer(std::size_t column) const {
  std::int64_t value = 0;
  if (cells_[column].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> Row::natural(std::size_t column) const {
  std::uint64_t value = 0;
  if (cells_[column].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<double> Row::real(std::size_t column) const {
  double value = 0;
  if (cells_[column].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::string_view Row::text(std::size_t column) const {
  std::string_view value;
  if (cells_[column].get(value) != simdjson::SUCCESS) return {};
  return value;
}

std::vector<std::uint64_t> Row::naturals(std::size_t column) const {
  std::vector<std::uint64_t> values;
  simdjson::dom::array array;
  if (cells_[column].get(array) != simdjson::SUCCESS) return values;
  for (const auto element : array) {
    std::uint64_t value = 0;
    if (element.get(value) == simdjson::SUCCESS) values.push_back(value);
  }
  return values;
}

Result<> RowCutter::take(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    line_ += piece.substr(0, end);
    if (end == std::string_view::npos) return {};
    piece.remove_prefix(end + 1);
    if (auto taken = line(); !taken) return taken;
    line_.clear();
  }
  return {};
}

// "[" and "]" stand on lines of their own; a row's line may end with a comma.
Result<> RowCutter::line() {
  if (!line_.starts_with('{')) return {};
  if (line_.ends_with(',')) line_.pop_back();
  line_.reserve(line_.size() + simdjson::SIMDJSON_PADDING);
  simdjson::dom::object object;
  if (parser_.parse(line_.data(), line_.size(), false).get(object) != simdjson::SUCCESS)
    return fail(ErrorCode::data_loss, "the store's answer is not a list of rows");
  return sink_(Row(object));
}

Result<> for_each_row(store::Reader& reader, std::string_view sql, const RowSink& sink) {
  RowCutter cutter(sink);
  Result<> taken;
  store::QueryLimits limits;
  limits.timeout_ms = 0;
  const auto done = reader.query(sql, store::Format::json, limits, [&](std::string_view piece) {
    taken = cutter.take(piece);
    return taken.has_value();
  });
  if (!taken) return taken;
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::vector<std::string>> table_names(store::Reader& reader) {
  std::vector<std::string> names;
  auto read = for_each_row(reader, "SELECT table_name FROM information_schema.tables ORDER BY table_name",
                           [&](const Row& row) -> Result<> {
                             names.emplace_back(row.text(0));
                             return {};
                           });
  if (!read) return std::unexpected(read.error());
  return names;
}

std::string sql_texts(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + sql_literal(text);
  return list;
}

}  // namespace llt::views
