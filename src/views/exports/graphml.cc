#include "views/exports/graphml.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/clock.h"

namespace llt::views {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string_view type_name(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
      return "long";
    case ColumnType::real:
      return "double";
    case ColumnType::text:
    case ColumnType::time:
      break;
  }
  return "string";
}

std::string text_of(const Cell& cell, ColumnType type) {
  if (const auto* text = std::get_if<std::string>(&cell)) return xml_text(*text);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  const auto number = std::get<std::int64_t>(cell);
  return type == ColumnType::time ? iso_time(number) : std::to_string(number);
}

/// The code point that begins the text and its length in bytes; length 0 where it is not UTF-8.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};

CodePoint first_code_point(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t bytes = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < bytes) return {};
  char32_t value = byte(0) & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[bytes] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, bytes};
}

bool xml_has(char32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xFFFE && c != 0xFFFF);
}

class Writer {
 public:
  Writer(const GraphTables& tables, bool directed, const ByteSink& sink)
      : tables_(tables), directed_(directed), sink_(sink) {}

  Result<> run() {
    out_ =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\""
        " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
        " xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns"
        " http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n";
    keys(tables_.nodes, "node", 1);
    keys(tables_.edges, "edge", 2);
    out_ += fmt::format("<graph edgedefault=\"{}\">\n", directed_ ? "directed" : "undirected");
    if (auto written = nodes(); !written) return written;
    if (auto written = edges(); !written) return written;
    out_ += "</graph>\n</graphml>\n";
    return sink_(out_);
  }

 private:
  // The first columns are the ids, which stand in the elements themselves.
  void keys(const Table& table, std::string_view of, std::size_t first) {
    for (std::size_t i = first; i < table.columns.size(); ++i) {
      out_ += fmt::format("<key id=\"{}{}\" for=\"{}\" attr.name=\"{}\" attr.type=\"{}\"/>\n", of[0], i, of,
                          xml_text(table.columns[i].name), type_name(table.columns[i].type));
    }
  }

  void data(const Table& table, std::size_t row, char of, std::size_t first) {
    for (std::size_t i = first; i < table.columns.size(); ++i) {
      const Cell cell = table.columns[i].at(row);
      if (std::holds_alternative<std::monostate>(cell)) continue;
      out_ += fmt::format("<data key=\"{}{}\">{}</data>", of, i, text_of(cell, table.columns[i].type));
    }
  }

  Result<> nodes() {
    for (std::size_t row = 0; row < tables_.nodes.rows; ++row) {
      out_ += fmt::format("<node id=\"{}\">", id(tables_.nodes, 0, row));
      data(tables_.nodes, row, 'n', 1);
      out_ += "</node>\n";
      if (auto flushed = flush_if_full(); !flushed) return flushed;
    }
    return {};
  }

  Result<> edges() {
    for (std::size_t row = 0; row < tables_.edges.rows; ++row) {
      out_ += fmt::format("<edge source=\"{}\" target=\"{}\">", id(tables_.edges, 0, row),
                          id(tables_.edges, 1, row));
      data(tables_.edges, row, 'e', 2);
      out_ += "</edge>\n";
      if (auto flushed = flush_if_full(); !flushed) return flushed;
    }
    return {};
  }

  static std::string id(const Table& table, std::size_t column, std::size_t row) {
    return text_of(table.columns[column].at(row), ColumnType::text);
  }

  Result<> flush_if_full() {
    if (out_.size() < kPieceBytes) return {};
    auto done = sink_(out_);
    out_.clear();
    return done;
  }

  const GraphTables& tables_;
  bool directed_;
  const ByteSink& sink_;
  std::string out_;
};

}  // namespace

std::string xml_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(c.bytes, 1));
    if (c.bytes == 0 || !xml_has(c.value)) {
      out += kReplacement;
    } else if (c.value == '<') {
      out += "&lt;";
    } else if (c.value == '>') {
      out += "&gt;";
    } else if (c.value == '&') {
      out += "&amp;";
    } else if (c.value == '"') {
      out += "&quot;";
    } else if (c.value == '\r' || c.value == '\n' || c.value == '\t') {
      out += fmt::format("&#{};", static_cast<unsigned>(c.value));  // as they are they would become blanks
    } else {
      out += bytes;
    }
    text.remove_prefix(bytes.size());
  }
  return out;
}

std::string iso_time(std::int64_t unix_ns) {
  std::int64_t seconds = unix_ns / kNsPerS, rest = unix_ns % kNsPerS;
  if (rest < 0) {
    rest += kNsPerS;
    --seconds;
  }
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(static_cast<std::time_t>(seconds)), rest);
}

Result<> write_graphml(const GraphTables& tables, bool directed, const ByteSink& sink) {
  return Writer(tables, directed, sink).run();
}

}  // namespace llt::views
