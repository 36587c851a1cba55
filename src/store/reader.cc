#include "store/reader.h"

namespace llt::store {

std::optional<Format> parse_format(std::string_view name) {
  if (name == "table") return Format::table;
  if (name == "csv") return Format::csv;
  if (name == "json") return Format::json;
  if (name == "parquet") return Format::parquet;
  if (name == "arrow") return Format::arrow;
  return std::nullopt;
}

std::string_view content_type(Format format) {
  switch (format) {
    case Format::table:
      return "text/plain; charset=utf-8";
    case Format::csv:
      return "text/csv; charset=utf-8; header=present";
    case Format::json:
      return "application/json";
    case Format::parquet:
      return "application/vnd.apache.parquet";
    case Format::arrow:
      return "application/vnd.apache.arrow.stream";
  }
  return "application/octet-stream";
}

Result<std::string> Reader::query_text(std::string_view sql, Format format, const QueryLimits& limits) {
  std::string text;
  auto done = query(sql, format, limits, [&text](std::string_view piece) {
    text.append(piece);
    return true;
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return text;
}

}  // namespace llt::store
