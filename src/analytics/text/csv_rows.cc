#include "analytics/text/csv_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace llt::analytics {

Result<CsvRow> CsvRows::next() {
  CsvRow row;
  row.line = line_;
  while (true) {
    if (bytes_.starts_with('"')) {
      auto field = quoted_field();
      if (!field) return std::unexpected(field.error());
      row.fields.push_back(std::move(*field));
    } else {
      row.fields.push_back(plain_field());
    }
    const bool more = bytes_.starts_with(',');
    if (bytes_.starts_with('\r')) bytes_.remove_prefix(1);
    if (bytes_.starts_with('\n')) ++line_;
    if (!bytes_.empty()) bytes_.remove_prefix(1);
    if (!more) return row;
  }
}

Result<std::string> CsvRows::quoted_field() {
  const std::uint64_t begin = line_;
  bytes_.remove_prefix(1);
  std::string field;
  while (true) {
    const std::size_t quote = bytes_.find('"');
    if (quote == std::string_view::npos)
      return fail(ErrorCode::data_loss, fmt::format("line {} opens a quote that is never closed", begin),
                  "close it");
    field += bytes_.substr(0, quote);
    bytes_.remove_prefix(quote + 1);
    if (!bytes_.starts_with('"')) break;
    field += '"';
    bytes_.remove_prefix(1);
  }
  line_ += static_cast<std::uint64_t>(std::ranges::count(field, '\n'));
  const bool ends =
      bytes_.empty() || bytes_.front() == ',' || bytes_.front() == '\n' || bytes_.starts_with("\r\n");
  if (!ends)
    return fail(ErrorCode::data_loss, fmt::format("line {} has text behind a closed quote", line_),
                "double the quotes inside");
  return field;
}

std::string CsvRows::plain_field() {
  const std::size_t end = std::min(bytes_.find_first_of(",\n"), bytes_.size());
  std::string field(bytes_.substr(0, end));
  bytes_.remove_prefix(end);
  if (!bytes_.starts_with(',') && field.ends_with('\r')) field.pop_back();
  return field;
}

}  // namespace llt::analytics
